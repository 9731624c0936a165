import { readForeignTables } from '../../catalog/relations/read-foreign-tables.js';
import type { ForeignTable, ForeignTableHead } from '../../catalog/relations/relation.js';
import type { TenantConfig } from '../../config/config.js';
import { compareNames, nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { shownAs, type Exposure } from '../../veneer/exposure/exposure.js';

/**
 * What a veneer shows under names that a step is known to change, read as their tables are locked there: while the shard is at
 * work, and so before it is known what the step does this time. Nobody else changes these tables any more, so that they need not be read again. A name
 * that nothing bears is as free as it would be if it were asked for later: until the step takes it anybody may.
 */
export interface Foreseen {
  /** By nameKey, those that were asked for; but for names of tables that are not locked. */
  readonly names: ReadonlySet<string>;
  readonly tables: readonly ForeignTable[];
}

/** Nothing is known yet, so that all of it is read when it is needed. */
export const NOTHING_FORESEEN: Foreseen = { names: new Set(), tables: [] };

/** By veneer and shard. */
export type ForeseenOn = ReadonlyMap<string, ReadonlyMap<string, Foreseen>>;

/** The names that the rules give these relations of the tenants. Pure. */
export const namesShown = (
  exposure: Exposure,
  tenants: readonly TenantConfig[],
  relations: readonly string[],
): QualifiedName[] =>
  tenants.flatMap(({ schema }) =>
    relations.flatMap((name) => shownAs(exposure, { schema, name })?.name ?? []),
  );

/** Reads them in the transaction that has locked these tables, or is about to. */
export async function foresee(
  session: Session,
  server: string,
  names: readonly QualifiedName[],
  locked: readonly ForeignTableHead[],
): Promise<Foreseen> {
  if (names.length === 0) return NOTHING_FORESEEN;
  const tables = await readForeignTables(session, [server], names);
  const own = new Set(locked.map(({ oid }) => oid));
  const others = new Set(tables.filter(({ oid }) => !own.has(oid)).map(nameKey));
  return {
    names: new Set(names.map(nameKey).filter((key) => !others.has(key))),
    tables: tables.filter((table) => !others.has(nameKey(table))),
  };
}

/** The foreign tables of a server that bear these names; only those are asked for that were not foreseen. */
export async function readBeyond(
  session: Session,
  server: string,
  names: readonly QualifiedName[],
  foreseen: Foreseen,
): Promise<ForeignTable[]> {
  const keys = new Set(names.map(nameKey));
  const known = foreseen.tables.filter((table) => keys.has(nameKey(table)));
  const unknown = names.filter((name) => !foreseen.names.has(nameKey(name)));
  if (unknown.length === 0) return known;
  return [...known, ...(await readForeignTables(session, [server], unknown))].toSorted(compareNames);
}
