import { readForeignTables } from '../../catalog/relations/read-foreign-tables.js';
import { readShownTables, readUnions } from '../../catalog/unions/read-unions.js';
import type { CapturedView } from '../../catalog/captured/captured.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { Config } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { nameKey, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposureOf, type Exposure } from '../../veneer/exposure/exposure.js';
import { shapeOf, wantedUnions, type UnionFacts, type WantedUnion } from '../../veneer/unions.js';

/**
 * Views over all tenants (`expose … union`). A step brings them in line in its own transaction on the veneer, after the
 * foreign tables. PostgreSQL locks every branch for a moment when a view is made or deparsed, so two lanes of a run that
 * each hold branches of one view would wait for each other: with such views in the fleet a lane takes the veneer's turn
 * before its first lock there, and keeps it to the end of its attempt. Runs exclude each other by the fleet's lock.
 */
export const hasUnions = ({ expose }: Pick<Config, 'expose'>): boolean =>
  expose.some(({ union }) => union !== null);

/** What each shard shows on a veneer. */
export const exposuresOn = (config: Config, veneer: string): Exposure[] =>
  shardsShownOn(config, veneer).map((shard) => exposureOf(config, shard));

/**
 * The views that a veneer should have of the foreign tables that it has, and what is there; none without such rules.
 * `aside`: views that stand there no more, and keep the order of their columns.
 */
export async function readUnionFacts(
  config: Config,
  session: Session,
  aside: readonly CapturedView[] = [],
): Promise<UnionFacts[]> {
  if (!hasUnions(config)) return [];
  const servers = serversOn(config, session);
  const wanted = await readWantedUnions(config, session);
  const present = await readUnions(
    session,
    wanted.map(({ name }) => name),
  );
  const tables = await readBranches(session, servers, wanted);
  return wanted.map((union) => {
    const there = present.get(nameKey(union.name));
    const was = there ?? aside.find((view) => sameName(view, union.name));
    const order = (was?.columns ?? []).map(({ name }) => name);
    return { name: union.name, shape: shapeOf(union, tables, order), present: there };
  });
}

const serversOn = (config: Config, { member }: Session): string[] =>
  shardsShownOn(config, member).map(({ server }) => server.name);

const readWantedUnions = async (config: Config, session: Session): Promise<WantedUnion[]> =>
  wantedUnions(
    exposuresOn(config, session.member),
    await readShownTables(session, serversOn(config, session)),
  );

/** The names of the views that a veneer should have of the foreign tables that it has; none without such rules. */
export const readUnionNames = async (config: Config, session: Session): Promise<QualifiedName[]> =>
  hasUnions(config) ? (await readWantedUnions(config, session)).map(({ name }) => name) : [];

async function readBranches(
  session: Session,
  servers: readonly string[],
  wanted: readonly WantedUnion[],
): Promise<ReadonlyMap<string, ForeignTable>> {
  const named = wanted.flatMap(({ branches }) => branches.map(({ table }) => table));
  const tables = named.length === 0 ? [] : await readForeignTables(session, servers, named);
  return new Map(tables.map((table) => [nameKey(table), table]));
}
