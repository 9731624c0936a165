import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import { parseUnion, type UnionQuery } from './union-query.js';

/** What a veneer has under the name of a view over all tenants. */
export interface PresentUnion extends QualifiedName {
  readonly oid: string;
  /** pg_class.relkind. */
  readonly kind: string;
  /** It reads as whoever asks, with that role's user mappings. */
  readonly isInvoker: boolean;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  /** Null where its query is not of the form that we write: somebody changed it. */
  readonly query: UnionQuery | null;
}

interface UnionRow extends Row, Omit<PresentUnion, 'query'> {
  readonly definition: string | null;
}

const UNIONS = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
         coalesce((SELECT option_value::boolean FROM pg_options_to_table(c.reloptions)
                    WHERE option_name = 'security_invoker'), false) AS "isInvoker",
         (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod))
                                   ORDER BY a.attnum), '[]'::json)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
         CASE WHEN c.relkind = 'v' THEN pg_get_viewdef(c.oid) END AS definition
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;

/**
 * What bears these names. pg_get_viewdef takes ACCESS SHARE on whatever a view reads: somebody else's lock on a branch
 * is waited for.
 */
export async function readUnions(
  session: Session,
  names: readonly QualifiedName[],
): Promise<ReadonlyMap<string, PresentUnion>> {
  if (names.length === 0) return new Map();
  const rows = await session.prepared<UnionRow>(UNIONS, [
    names.map(({ schema }) => schema),
    names.map(({ name }) => name),
  ]);
  const unions = new Map<string, PresentUnion>();
  for (const { definition, ...row } of rows)
    unions.set(nameKey(row), { ...row, query: definition === null ? null : await parseUnion(definition) });
  return unions;
}

/** A foreign table and what it shows, without its columns. */
export interface ShownTable extends Row {
  readonly table: QualifiedName;
  readonly remote: QualifiedName;
  readonly server: string;
}

const SHOWN = `
  SELECT json_build_object('schema', n.nspname, 'name', c.relname) AS table,
         json_build_object('schema', coalesce(r.schema, n.nspname), 'name', coalesce(r.name, c.relname)) AS remote,
         s.srvname::text AS server
    FROM pg_foreign_table f
    JOIN pg_foreign_server s ON s.oid = f.ftserver
    JOIN pg_class c ON c.oid = f.ftrelid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL (
      SELECT max(option_value) FILTER (WHERE option_name = 'schema_name') AS schema,
             max(option_value) FILTER (WHERE option_name = 'table_name') AS name
        FROM pg_options_to_table(f.ftoptions)) AS r
   WHERE s.srvname = ANY ($1::text[])`;

/** All foreign tables of these servers; cheap beside `readForeignTables`, for whoever looks for a few of them. */
export const readShownTables = (session: Session, servers: readonly string[]): Promise<ShownTable[]> =>
  session.prepared<ShownTable>(SHOWN, [servers]);

const VIEWS = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, pg_get_userbyid(c.relowner)::text AS owner
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind = 'v' AND pg_has_role(c.relowner, 'USAGE')
     AND (n.nspname, c.relname) IN (SELECT * FROM unnest($1::text[], $2::text[]))`;

/** Those of the names that are views which this session may lock; nothing is deparsed, so nothing is waited for. */
export const readViewNames = (
  session: Session,
  names: readonly QualifiedName[],
): Promise<(QualifiedName & { readonly oid: string; readonly owner: string } & Row)[]> =>
  session.prepared(VIEWS, [names.map(({ schema }) => schema), names.map(({ name }) => name)]);
