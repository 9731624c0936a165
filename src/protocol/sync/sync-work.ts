import {
  readForeignTables,
  readPartitions,
  type ForeignPartition,
} from '../../catalog/relations/read-foreign-tables.js';
import { readLeftTypes } from '../../catalog/types/read-left-types.js';
import { readTypes } from '../../catalog/types/read-types.js';
import { readRelations } from '../../catalog/relations/read-relations.js';
import { remoteOf, type ForeignTable } from '../../catalog/relations/relation.js';
import type { UserType } from '../../catalog/types/type.js';
import { nameKey, qualified, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposeRelations, isOurs, type Definition } from '../../veneer/exposure/definition.js';
import { exposureOf, sourceSchemas, type Exposure } from '../../veneer/exposure/exposure.js';
import { mergeParents } from '../../veneer/tables/merge-parents.js';
import { refuseNames } from '../../veneer/exposure/refuse-names.js';
import { reconcile, type Change } from '../../veneer/tables/reconcile.js';
import { dropType } from '../../veneer/types/reconcile-types.js';
import { unsupportedColumns, unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import { ownSchemas } from '../../veneer/exposure/type-names.js';
import { agreeingPartitions } from '../align/agreeing-partitions.js';
import { firstStatements } from '../align/align-types.js';
import { placeDefinitions } from '../align/place-definitions.js';
import { wantedByAll } from '../align/refuse-types.js';
import { readUsedTypes, usedBy, type ShardTypes } from '../shard/shard-types.js';
import { planTypes } from '../align/plan-types.js';
import { isIdle, type TypeWork } from '../align/type-work.js';
import type { Config, ShardConfig } from '../../config/config.js';

/** What a shard is, as far as its veneers are to show it. */
export interface WantedOfShard {
  readonly definitions: readonly Definition[];
  readonly types: ShardTypes;
  readonly exposure: Exposure;
  /** All that there are on the shard: what shows a relation of another one shows nothing. */
  readonly schemas: ReadonlySet<string>;
}

/** What would make a veneer equal to a shard. */
export interface Repairs {
  /** Types in schemas of the shard's tenants that nothing is made of any more: dropped where `prune` asks for it. */
  readonly left: readonly UserType[];
  readonly types: TypeWork;
  readonly changes: readonly Change[];
}

/** What is compared with a veneer: one shard, and what it shares with others. */
export interface SyncScope {
  readonly config: Config;
  /** With its selected tenants. */
  readonly shard: ShardConfig;
  /** Drop foreign tables on our server that no rule names, too. */
  readonly prune: boolean;
  /** The fleet's other shards, as far as they can be reached: a type that they share has to be the same there. */
  readonly others: readonly OtherShard[];
}

/** A shard that is asked about what it shares. */
export interface OtherShard {
  readonly shard: ShardConfig;
  readonly session: Session;
}

/** The definitions of a shard's relations as they are now. Throws (exit 20) where shards disagree about a shared type. */
export async function readWanted(
  session: Session,
  { config, shard, others }: SyncScope,
): Promise<WantedOfShard> {
  const exposure = exposureOf(config, shard);
  const relations = await readRelations(session, { schemas: sourceSchemas(exposure) });
  const exposed = exposeRelations(exposure, relations);
  refuseNames(session.member, exposed);
  const definitions = exposed.map(({ definition }) => definition);
  const types = await readUsedTypes(session, exposure, definitions);
  const own = ownSchemas([exposure]);
  const shared = types.types.filter(({ schema, extension }) => extension === null && !own.has(schema));
  if (shared.length > 0) {
    const elsewhere = others.map(async (other) => ({
      shard: other.shard.name,
      types: (await readTypes(other.session, { names: shared })).filter((type) =>
        shared.some(
          (one) => sameName(one, type) && !exposureOf(config, other.shard).tenants.has(type.schema),
        ),
      ),
    }));
    wantedByAll([{ shard: shard.name, types: shared }, ...(await Promise.all(elsewhere))]);
  }
  return { exposure, definitions, types, schemas: await allSchemas(session) };
}

async function allSchemas(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>('SELECT nspname::text AS name FROM pg_namespace');
  return new Set(rows.map(({ name }) => name));
}

/** What would make a veneer equal to the shard: wanted × present. Reads only. */
export async function readRepairs(
  session: Session,
  scope: SyncScope,
  { definitions, types, exposure, schemas: there }: WantedOfShard,
): Promise<Repairs> {
  const { config, shard, prune } = scope;
  const unsupported = unsupportedTypes(types.types, session.server.version);
  const shown = definitions.filter((one) => unsupportedColumns(one, unsupported).length === 0);
  const spared = new Set(definitions.filter((one) => !shown.includes(one)).map(nameKey));
  const work = await planTypes(
    config,
    session,
    [{ shard, definitions: shown, types: { ...types, used: usedBy(shown) } }],
    'agreed',
  );
  const wanted = await placeDefinitions(session, shown, work.extensions);
  const tables = await readForeignTables(session, [shard.server.name]);
  const names = new Set(wanted.map(nameKey));
  const schemas = sourceSchemas(exposure);
  // Of a tenant that is listed no more nothing is pruned, unless it was dropped while this veneer was left out.
  const isPruned = (schema: string): boolean => schemas.includes(schema) || !there.has(schema);
  const inScope = (table: ForeignTable): boolean =>
    names.has(nameKey(table)) || isOurs(exposure, table) || (prune && isPruned(remoteOf(table).schema));
  const present = tables
    .filter((table) => !spared.has(nameKey(table)) && inScope(table))
    .map((table) => withReplaced(table, work));
  const changes = reconcile({ wanted, present, renames: [], version: session.server.version });
  const partitions = tables.flatMap((table) =>
    table.parent === null ? [] : [{ ...table, parent: table.parent }],
  );
  const elsewhere = await unlikePartitions(session, scope, changes, shown);
  const { onParents, rest } = mergeParents(
    { veneer: session.member, outside: new Map() },
    [changes],
    [...partitions, ...elsewhere],
  );
  const left = await leftTypes(session, exposure, types);
  return {
    left,
    types: prune ? { ...work, leaving: [...work.leaving, ...left] } : work,
    changes: [...onParents, ...rest.flat()],
  };
}

/**
 * Partitions of other shards that a parent would leave behind, were it made as this shard has it: the next shard's turn would take it
 * back, and each sync do both again.
 */
async function unlikePartitions(
  session: Session,
  { config, shard, others }: SyncScope,
  changes: readonly Change[],
  wanted: readonly Definition[],
): Promise<readonly ForeignPartition[]> {
  const parents = changes.flatMap(({ onParent }) => onParent?.parent ?? []);
  const servers = config.shards.filter(({ name }) => name !== shard.name).map(({ server }) => server.name);
  const partitions = await readPartitions(session, servers, parents);
  const anchors = new Map(others.map((other) => [other.shard.name, other.session]));
  const agreeing = new Set(await agreeingPartitions({ config, anchors }, partitions, wanted));
  return partitions.filter((one) => !agreeing.has(one));
}

/** A type that the shard's relations use comes to use again with the tables that are missing. */
async function leftTypes(session: Session, exposure: Exposure, { types }: ShardTypes): Promise<UserType[]> {
  const used = new Set(types.map(nameKey));
  const left = await readLeftTypes(session, [...ownSchemas([exposure])]);
  return left.filter((type) => !used.has(nameKey(type)));
}

/** Is there nothing to repair? */
export const isInLine = ({ types, changes }: Repairs): boolean => isIdle(types) && changes.length === 0;

/** What the repairs run, in order. Pure. */
export const repairStatements = (config: Config, { types, changes }: Repairs): string[] => [
  ...firstStatements(config, types),
  ...types.types.before.flatMap(({ statements }) => statements),
  ...changes.flatMap(({ statements }) => statements),
  ...types.types.after.flatMap(({ statements }) => statements),
  ...types.leaving.flatMap((type) => dropType(type, type).statements),
];

/** A column whose type is made anew still has the old one, under a name aside. */
function withReplaced(table: ForeignTable, { types }: TypeWork): ForeignTable {
  const replaced = new Set(types.before.flatMap(({ kind, oid }) => (kind === 'replace' ? (oid ?? []) : [])));
  if (replaced.size === 0) return table;
  const columns = table.columns.map((column) =>
    column.userType !== null && replaced.has(column.userType.oid)
      ? { ...column, type: `pgveneer_${column.userType.oid}` }
      : column,
  );
  return { ...table, columns };
}

/**
 * Holds the shard's relations as they are until the session's transaction ends: ACCESS SHARE conflicts with every
 * DDL and with nothing else. A query takes it on every kind of relation; LOCK TABLE refuses materialized views.
 */
export async function holdRelations(session: Session, relations: readonly QualifiedName[]): Promise<void> {
  const held = relations.map((relation) => `SELECT FROM ${qualified(relation)} LIMIT 0`);
  if (held.length > 0) await session.run(held.join('; '));
}
