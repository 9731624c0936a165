import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';

/** A role and the foreign tables of one server, any of which would do to read something as that role. */
export interface ReadableCandidate {
  readonly server: string;
  readonly role: string;
  readonly tables: readonly QualifiedName[];
}

/** What this user may try: to become the role, and then which table it may read. */
export interface Readable {
  readonly server: string;
  readonly role: string;
  /** May this user SET ROLE to it? */
  readonly settable: boolean;
  /** Null: the role may read none of them. */
  readonly table: QualifiedName | null;
}

/** Of each candidate that is a role of this server the first table that it may read, in one query. */
export async function readReadable(
  session: Session,
  candidates: readonly ReadableCandidate[],
): Promise<Readable[]> {
  const rows = candidates.flatMap(({ server, role, tables }) =>
    tables.map(({ schema, name }) => [server, role, schema, name] as const),
  );
  const column = (index: 0 | 1 | 2 | 3): string[] => rows.map((row) => row[index]);
  const found = await session.prepared<
    Row & Omit<Readable, 'table'> & { schema: string | null; name: string }
  >(
    `SELECT DISTINCT ON (t.server, t.role) t.server, t.role,
            pg_has_role(r.oid, ${session.server.version >= 160_000 ? `'SET'` : `'MEMBER'`}) AS settable,
            CASE WHEN c.oid IS NOT NULL THEN t.schema END AS schema, t.name
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS t(server, role, schema, name, place)
       JOIN pg_roles r ON r.rolname = t.role
       LEFT JOIN (pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid AND c.relkind = 'f')
         ON n.nspname = t.schema AND c.relname = t.name
            AND has_schema_privilege(r.oid, n.oid, 'USAGE') AND has_table_privilege(r.oid, c.oid, 'SELECT')
      ORDER BY t.server, t.role, c.oid IS NULL, t.place`,
    [column(0), column(1), column(2), column(3)],
  );
  return found.map(({ schema, name, ...rest }) => ({
    ...rest,
    table: schema === null ? null : { schema, name },
  }));
}
