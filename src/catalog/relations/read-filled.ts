import { qualified } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';

/** More of them are not looked into: it is one query. */
const MOST_TABLES = 200;

/** Tables of a schema that hold a row, in the order of their names, of the first {@link MOST_TABLES}. Partitions are not told apart. */
export async function readFilled(session: Session, schema: string): Promise<string[]> {
  const tables = await session.query<{ name: string }>(
    `SELECT c.relname::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition
      ORDER BY c.relname LIMIT ${MOST_TABLES}`,
    [schema],
  );
  if (tables.length === 0) return [];
  const looks = tables.map(
    ({ name }, index) =>
      `SELECT $1::text[] AS names, ${index + 1} AS at WHERE EXISTS (SELECT FROM ${qualified({ schema, name })})`,
  );
  const rows = await session.query<{ name: string }>(
    `SELECT names[at] AS name FROM (${looks.join(' UNION ALL ')}) AS filled ORDER BY at`,
    [tables.map(({ name }) => name)],
  );
  return rows.map(({ name }) => name);
}
