import { compareNames, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { COLUMNS } from '../sql/columns-sql.js';
import { lookUp, lookUpAny, relationNamed } from '../sql/names-sql.js';
import { columnsOf } from './read-columns.js';
import { optionsOf, type ForeignTable, type ForeignTableHead, type PartitionParent } from './relation.js';

interface HeadRow extends Row {
  oid: string;
  schema: string;
  name: string;
  owner: string;
  server: string;
  options: readonly string[] | null;
  parent: PartitionParent | null;
}

interface ForeignTableRow extends HeadRow {
  columns: string;
}

/** The partitioned table that pg_class `c` is attached to. */
const PARENT = `
  (SELECT json_build_object('oid', p.oid::text, 'schema', pn.nspname, 'name', p.relname)
     FROM pg_inherits i JOIN pg_class p ON p.oid = i.inhparent JOIN pg_namespace pn ON pn.oid = p.relnamespace
    WHERE i.inhrelid = c.oid AND c.relispartition)`;

/** Where foreign tables are looked for, and which; $1 is always the names of servers, $2 and $3 are schemas and names. */
const SOURCES = {
  every: `
    FROM pg_foreign_table f
    JOIN pg_foreign_server s ON s.oid = f.ftserver
    JOIN pg_class c ON c.oid = f.ftrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE s.srvname = ANY ($1::text[])`,
  /** Those that bear one of the names. */
  named: `
    FROM (SELECT DISTINCT * FROM unnest($2::text[], $3::text[])) AS wanted(schema, name)
   ${lookUp('pg_class', 'c', `c.oid = ${relationNamed('wanted')}`)}
   ${lookUp('pg_namespace', 'n', 'n.oid = c.relnamespace')}
   ${lookUp('pg_foreign_table', 'f', 'f.ftrelid = c.oid')}
   ${lookUp('pg_foreign_server', 's', 's.oid = f.ftserver')}
   WHERE s.srvname = ANY ($1::text[])`,
};

const textOf = (source: keyof typeof SOURCES, more: string): string => `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name,
         pg_get_userbyid(c.relowner)::text AS owner, s.srvname::text AS server, f.ftoptions AS options,
         ${PARENT} AS parent${more} ${SOURCES[source]}`;

const HEADS = { every: textOf('every', ''), named: textOf('named', '') };
const WHOLE = {
  every: textOf('every', `, ${COLUMNS} AS columns`),
  named: textOf('named', `, ${COLUMNS} AS columns`),
};

const ask = <R extends HeadRow>(
  session: Session,
  servers: readonly string[],
  named: readonly QualifiedName[] | undefined,
  texts: typeof WHOLE,
): Promise<R[]> =>
  named === undefined
    ? session.prepared<R>(texts.every, [servers])
    : session.prepared<R>(texts.named, [servers, ...pairs(named)]);

/**
 * Which foreign tables of our servers stand on a veneer; `named`: only those of these names. For whoever asks for nothing of
 * their columns, which cost most.
 */
export async function readForeignTableHeads(
  session: Session,
  servers: readonly string[],
  named?: readonly QualifiedName[],
): Promise<ForeignTableHead[]> {
  const rows = await ask<HeadRow>(session, servers, named, HEADS);
  return rows.toSorted(compareNames).map((row) => ({ ...row, options: optionsOf(row.options) }));
}

/** The foreign tables of our servers as they stand on a veneer; `named`: only those of these names. */
export async function readForeignTables(
  session: Session,
  servers: readonly string[],
  named?: readonly QualifiedName[],
): Promise<ForeignTable[]> {
  const rows = await ask<ForeignTableRow>(session, servers, named, WHOLE);
  const built = await columnsOf(rows);
  // Sorted here: asked to, the planner walks schemas by name, and for each of them all tables.
  return rows.toSorted(compareNames).map((row) => ({
    ...row,
    options: optionsOf(row.options),
    columns: built(row.columns),
  }));
}

/** A foreign table that is attached to a partitioned one. */
export interface ForeignPartition extends Row, QualifiedName {
  readonly oid: string;
  readonly server: string;
  readonly parent: QualifiedName;
}

/** The same, with the schema of what it shows. */
export interface RemotePartition extends ForeignPartition {
  readonly remoteSchema: string;
}

/** The foreign tables of our servers that are partitions of one of these. */
export async function readPartitions(
  session: Session,
  servers: readonly string[],
  parents: readonly QualifiedName[],
): Promise<RemotePartition[]> {
  if (parents.length === 0) return [];
  return session.prepared<RemotePartition>(
    `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, s.srvname::text AS server,
            json_build_object('schema', pn.nspname, 'name', p.relname) AS parent,
            coalesce((SELECT o.option_value FROM pg_options_to_table(f.ftoptions) AS o WHERE o.option_name = 'schema_name'),
                     n.nspname)::text AS "remoteSchema"
       FROM unnest($2::text[], $3::text[]) AS wanted(schema, name)
       JOIN pg_namespace pn ON pn.nspname = wanted.schema
       JOIN pg_class p ON p.relnamespace = pn.oid AND p.relname = wanted.name
       JOIN pg_inherits i ON i.inhparent = p.oid
       JOIN pg_class c ON c.oid = i.inhrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
       JOIN pg_foreign_table f ON f.ftrelid = c.oid
       JOIN pg_foreign_server s ON s.oid = f.ftserver
      WHERE s.srvname = ANY ($1::text[])`,
    [servers, ...pairs(parents)],
  );
}

/** Names as two arrays, for unnest. */
const pairs = (names: readonly QualifiedName[]): string[][] => [
  names.map(({ schema }) => schema),
  names.map(({ name }) => name),
];

/** Of these names, the ones that something else than a foreign table of our servers bears, with its kind. */
const OCCUPIED = `
  SELECT wanted.schema, wanted.name, c.relkind::text AS kind
    FROM unnest($2::text[], $3::text[]) AS wanted(schema, name)
   ${lookUp('pg_class', 'c', `c.oid = ${relationNamed('wanted')}`)}
   ${lookUpAny('pg_foreign_table', 'f', 'f.ftrelid = c.oid')}
   ${lookUpAny('pg_foreign_server', 's', 's.oid = f.ftserver')}
   WHERE coalesce(s.srvname <> ALL ($1::text[]), true)`;

/** A relation of the veneer under a name that is wanted, and none of our foreign tables. */
export interface Occupied extends Row, QualifiedName {
  readonly kind: string;
}

/** Who bears these names on a veneer besides foreign tables of these servers. */
export const readOccupied = (
  session: Session,
  servers: readonly string[],
  names: readonly QualifiedName[],
): Promise<Occupied[]> => session.prepared<Occupied>(OCCUPIED, [servers, ...pairs(names)]);
