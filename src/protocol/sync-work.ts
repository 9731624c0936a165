import { readForeignTables } from '../catalog/read-foreign-tables.js';
import { readRelations } from '../catalog/read-relations.js';
import { remoteOf, type ForeignTable } from '../catalog/relation.js';
import { nameKey, qualified, type QualifiedName } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { exposeRelations, isOurs, isSupported, type Definition } from '../veneer/definition.js';
import { exposureOf, sourceSchemas, type Exposure } from '../veneer/exposure.js';
import { mergeParents } from '../veneer/merge-parents.js';
import { refuseLongNames } from '../veneer/refuse-names.js';
import { reconcile, type Change } from '../veneer/reconcile.js';
import type { Config, ShardConfig } from '../config/config.js';

/** What a shard is, as far as its veneers are to show it. */
export interface WantedOfShard {
  readonly wanted: readonly Definition[];
  /** Names on the veneer of relations that cannot be shown yet: what stands there is left alone. */
  readonly spared: ReadonlySet<string>;
  readonly exposure: Exposure;
}

export interface SyncScope {
  readonly config: Config;
  /** With its selected tenants. */
  readonly shard: ShardConfig;
  /** Drop foreign tables on our server that no rule names, too. */
  readonly prune: boolean;
}

/** The definitions of a shard's relations as they are now. */
export async function readWanted(session: Session, { config, shard }: SyncScope): Promise<WantedOfShard> {
  const exposure = exposureOf(config, shard);
  const relations = await readRelations(session, { schemas: sourceSchemas(exposure) });
  const exposed = exposeRelations(exposure, relations);
  refuseLongNames(session.member, exposed);
  return {
    exposure,
    wanted: exposed.filter(isSupported).map(({ definition }) => definition),
    spared: new Set(exposed.filter((one) => !isSupported(one)).map(({ definition }) => nameKey(definition))),
  };
}

/** What would make a veneer equal to the shard: wanted × present. Reads only. */
export async function readRepairs(
  session: Session,
  scope: SyncScope,
  { wanted, spared, exposure }: WantedOfShard,
): Promise<Change[]> {
  const { shard, prune } = scope;
  const tables = await readForeignTables(session, [shard.server.name]);
  const names = new Set(wanted.map(nameKey));
  const schemas = sourceSchemas(exposure);
  const inScope = (table: ForeignTable): boolean =>
    names.has(nameKey(table)) ||
    isOurs(exposure, table) ||
    (prune && schemas.includes(remoteOf(table).schema));
  const present = tables.filter((table) => !spared.has(nameKey(table)) && inScope(table));
  const changes = reconcile({ wanted, present, renames: [], version: session.server.version });
  const partitions = tables.flatMap((table) =>
    table.parent === null ? [] : [{ ...table, parent: table.parent }],
  );
  const { onParents, rest } = mergeParents(session.member, [changes], partitions);
  return [...onParents, ...rest.flat()];
}

/**
 * Holds the shard's relations as they are until the session's transaction ends: ACCESS SHARE conflicts with every
 * DDL and with nothing else. A query takes it on every kind of relation; LOCK TABLE refuses materialized views.
 */
export async function holdRelations(session: Session, relations: readonly QualifiedName[]): Promise<void> {
  const held = relations.map((relation) => `SELECT FROM ${qualified(relation)} LIMIT 0`);
  if (held.length > 0) await session.run(held.join('; '));
}
