import type { Session } from '../../postgres/session.js';
import { notOfExtension, readShapes } from './read-shapes.js';
import { FIRST_OF_USERS } from '../sql/type-sql.js';

/** Something of a database that is not in a tenant's schema, nor ours: what it is, and a text that is equal for equal ones. */
export interface OutsideItem {
  readonly object: string;
  readonly is: string;
}

/** Catalogs of what is in no schema. */
const LOOSE = [
  'pg_event_trigger',
  'pg_foreign_server',
  'pg_foreign_data_wrapper',
  'pg_publication',
  'pg_language',
  'pg_cast',
];

/**
 * What a database has besides one schema, in an open transaction: other schemas with their shapes, extensions, and what is in
 * no schema. A schema that holds nothing is nothing.
 */
export async function readOutside(
  session: Session,
  schema: string,
  ignored: readonly string[],
): Promise<readonly OutsideItem[]> {
  const loose = LOOSE.map(
    (catalog) =>
      `SELECT pg_describe_object('${catalog}'::regclass, o.oid, 0) AS object, '' AS is FROM ${catalog} o
        WHERE o.oid >= ${FIRST_OF_USERS} AND ${notOfExtension(catalog, 'o.oid')}`,
  );
  const items = await session.query<{ object: string; is: string }>(
    `SELECT 'extension ' || e.extname AS object, n.nspname::text AS is
       FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
     UNION ALL ${loose.join(' UNION ALL ')} ORDER BY 1`,
  );
  const others = await session.query<{ name: string }>(
    `SELECT nspname::text AS name FROM pg_namespace
      WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'pgveneer', $1)`,
    [schema],
  );
  const shapes = await readShapes(
    session,
    others.map(({ name }) => name),
    ignored,
  );
  const inSchemas = shapes.flatMap(({ shape, schemas }) =>
    shape === null ? [] : schemas.map((name) => ({ object: `what is in schema ${name}`, is: shape })),
  );
  return [...items, ...inSchemas];
}
