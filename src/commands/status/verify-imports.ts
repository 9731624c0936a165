import { disconnectFdw } from '../../catalog/disconnect-fdw.js';
import { importForeignSchema } from '../../catalog/relations/import-schema.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, problemOf, type Problem } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { inParallel } from '../../parallel.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { importDrift } from '../../report/drift/drift-of-imports.js';
import type { Drift } from '../../report/drift/drift.js';
import type { ExposedRelation } from '../../veneer/exposure/definition.js';
import { exposureOf, homeOf, type Exposure } from '../../veneer/exposure/exposure.js';
import { unsupportedColumns, unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import type { ShardFacts } from './facts.js';
import type { Readers } from '../common/readers.js';

/** What IMPORT FOREIGN SCHEMA says of a fleet's foreign tables. */
export interface Verification {
  /** How many foreign tables were compared. */
  readonly compared: number;
  readonly drift: readonly Drift[];
  /** What could not be imported, and why. */
  readonly problems: readonly Problem[];
}

/**
 * Imports the selected shards' exposed relations on every veneer, one IMPORT per server and schema, each in a
 * transaction that is rolled back, and compares with the foreign tables that stand there; on each veneer rollout.concurrency
 * of the shards at a time, as far as it has connections to spare.
 */
export async function verifyImports(
  config: Config,
  shards: readonly ShardConfig[],
  facts: ReadonlyMap<string, ShardFacts>,
  readers: Readers,
): Promise<Verification> {
  const selected = new Map(shards.map((shard) => [shard.name, shard]));
  const onVeneers = await Promise.all(
    config.veneers.map(async ({ name }): Promise<Verification[][]> => {
      const shown = shardsShownOn(config, name).filter((shard) => selected.has(shard.name));
      const sessions = await sessionsOn(name, Math.min(config.rollout.concurrency, shown.length), readers);
      if (sessions.length === 0) return [];
      const idle = [...sessions];
      return inParallel(shown, sessions.length, async (shard) => {
        const session = idle.pop();
        if (session === undefined) throw new Error('more shards at a time than sessions');
        try {
          return await verifyShard(config, { shard, selected, facts, readers }, session);
        } finally {
          idle.push(session);
        }
      });
    }),
  );
  const parts = onVeneers.flat(2);
  return {
    compared: parts.reduce((sum, { compared }) => sum + compared, 0),
    drift: parts.flatMap(({ drift }) => drift),
    problems: parts.flatMap(({ problems }) => problems),
  };
}

/** The one that reads there, and others besides where they are to be had; none where the veneer does not answer. */
async function sessionsOn(
  veneer: string,
  count: number,
  { sessions, another }: Readers,
): Promise<readonly Session[]> {
  const first = sessions.get(veneer);
  if (first === undefined) return [];
  const more = Array.from({ length: Math.max(0, count - 1) }, () => another(veneer));
  const opened = await Promise.allSettled(more);
  return [first, ...opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))];
}

interface ShardToVerify {
  readonly shard: ShardConfig;
  /** With the selected tenants alone. */
  readonly selected: ReadonlyMap<string, ShardConfig>;
  readonly facts: ReadonlyMap<string, ShardFacts>;
  readonly readers: Readers;
}

async function verifyShard(
  config: Config,
  { shard, selected, facts, readers }: ShardToVerify,
  session: Session,
): Promise<Verification[]> {
  const known = facts.get(shard.name);
  const tenants = new Set(selected.get(shard.name)?.tenants.map(({ name }) => name));
  const unsupported = unsupportedTypes(known?.types ?? [], session.server.version);
  const moved = movedSchemas(exposureOf(config, shard));
  const comparable = (known?.exposed ?? []).filter(
    ({ definition }) =>
      (definition.tenant === null || tenants.has(definition.tenant)) &&
      unsupportedColumns(definition, unsupported).length === 0 &&
      !hasTypeIn(moved, definition),
  );
  const shardVersion = readers.sessions.get(shard.name)?.server.version ?? 0;
  const place = { session, shard, shardVersion, timeoutMs: config.rollout.lockHoldMs };
  const verified: Verification[] = [];
  for (const [schema, relations] of bySchema(comparable, session.server.version))
    verified.push(await verifySchema(place, schema, relations));
  if (shard.database !== null) await disconnectFdw(session, shard.server.name);
  return verified;
}

/** IMPORT looks for a type under the shard's name alone; a type of these schemas has another one on the veneer. */
const movedSchemas = (exposure: Exposure): ReadonlySet<string> =>
  new Set(
    [...exposure.tenants.values()].flatMap((tenant) => {
      const { schema, isOwn } = homeOf(exposure, tenant);
      return isOwn && schema === tenant.schema ? [] : [schema];
    }),
  );

const hasTypeIn = (schemas: ReadonlySet<string>, { columns }: ExposedRelation['definition']): boolean =>
  columns.some(
    ({ userType }) => userType !== null && userType.extension === null && schemas.has(userType.schema),
  );

/** Partitions that are named are imported since 14 (release notes of PostgreSQL 14, postgres_fdw). */
const IMPORTS_PARTITIONS = 140_000;

const bySchema = (
  exposed: readonly ExposedRelation[],
  version: number,
): ReadonlyMap<string, readonly ExposedRelation[]> =>
  groupBy(
    exposed.filter((one) => !one.relation.isPartition || version >= IMPORTS_PARTITIONS),
    ({ relation }) => relation.schema,
  );

interface Place {
  readonly session: Session;
  readonly shard: ShardConfig;
  readonly shardVersion: number;
  readonly timeoutMs: number;
}

async function verifySchema(
  { session, shard, shardVersion, timeoutMs }: Place,
  schema: string,
  exposed: readonly ExposedRelation[],
): Promise<Verification> {
  const relations = exposed.map(({ relation }) => relation.name);
  try {
    const shown = exposed.map(({ definition }) => definition);
    const request = { server: shard.server.name, schema, relations, shown, timeoutMs };
    const { imported, present } = await importForeignSchema(session, request);
    const byName = (tables: readonly ForeignTable[]): ReadonlyMap<string, ForeignTable> =>
      new Map(tables.map((table) => [nameKey(table), table]));
    const [made, stands] = [new Map(imported.map((table) => [table.name, table])), byName(present)];
    const drift = exposed.map((one) => {
      const [fresh, table] = [made.get(one.relation.name), stands.get(nameKey(one.definition))];
      // What is missing on one side alone is told by the catalogs already.
      if (fresh === undefined || table === undefined) return null;
      const { member, server } = session;
      const compared = { shard: shard.name, shardVersion, veneer: member, version: server.version };
      return importDrift({ ...compared, imported: fresh, present: table, exposed: one });
    });
    const found = drift.filter((one) => one !== null);
    return { compared: found.length, drift: found.flat(), problems: [] };
  } catch (error) {
    return { compared: 0, drift: [], problems: [unverified(session.member, shard, schema, error)] };
  }
}

function unverified(veneer: string, { name }: ShardConfig, schema: string, error: unknown): Problem {
  const problem = problemOf(error);
  return {
    ...problem,
    message: `IMPORT FOREIGN SCHEMA of ${schema} on ${name} failed, so nothing of it was verified: ${problem.message}`,
    exitCode: EXIT.unreachable,
    where: { member: veneer },
    hint: 'it needs TEMP on the database of the veneer, USAGE on the server, and a user mapping for who runs this',
  };
}
