import type { TenantConfig } from '../../config/config.js';
import type { Statement, WrittenName } from '../../migrations/migration.js';
import { display, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { Run } from '../run/run.js';

/** What bears the name of an index. */
export interface NamedIndex extends QualifiedName, Row {
  /** False of an index that was not built to its end; null of what is no index. */
  readonly valid: boolean | null;
}

/** An unqualified name of a statement is the tenant's: nothing else is in its search_path. */
export const inTenant = ({ schema, name }: WrittenName, tenant: TenantConfig): QualifiedName => ({
  schema: schema ?? tenant.schema,
  name,
});

const NAMED = `
  SELECT n.nspname::text AS schema, c.relname::text AS name, i.indisvalid AS valid
    FROM jsonb_to_recordset($1::jsonb) AS w(schema text, name text)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
    LEFT JOIN pg_index i ON i.indexrelid = c.oid`;

/** What bears this name; null: nothing. */
export async function readNamed(session: Session, name: QualifiedName): Promise<NamedIndex | null> {
  const [found = null] = await session.query<NamedIndex>(NAMED, [JSON.stringify([name])]);
  return found;
}

/** An index that nobody needs; not droppable where its schema, pg_toast, is closed to the runner. */
interface LeftIndex extends QualifiedName, Row {
  readonly droppable: boolean;
}

const LEFT = `n.nspname::text AS schema, c.relname::text AS name,
         has_schema_privilege(n.oid, 'USAGE') AS droppable`;

/** Invalid indexes that bear the name that a CREATE INDEX CONCURRENTLY gives, on the table that it names. */
const LEFT_BY_CREATE = `
  SELECT ${LEFT}
    FROM jsonb_to_recordset($1::jsonb) AS w(schema text, name text, index text)
    JOIN pg_namespace n ON n.nspname = w.schema
    JOIN pg_class t ON t.relnamespace = n.oid AND t.relname = w.name
    JOIN pg_index i ON i.indrelid = t.oid AND NOT i.indisvalid
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i' AND c.relname = w.index`;

/**
 * Invalid indexes beside those that a REINDEX CONCURRENTLY rebuilds, with the names that it gives: <index>_ccnew and
 * _ccold, with a number where that was taken, cut where it was too long
 * (https://www.postgresql.org/docs/current/sql-reindex.html). Those of TOAST tables and of partitions included.
 */
const LEFT_BY_REBUILD = `
  SELECT DISTINCT ${LEFT}
    FROM jsonb_to_recordset($1::jsonb) AS w(what text, schema text, name text)
    JOIN pg_namespace wn ON wn.nspname = w.schema
    JOIN pg_class r ON r.relnamespace = wn.oid AND r.relname = w.name
    CROSS JOIN LATERAL (SELECT r.oid UNION SELECT relid FROM pg_partition_tree(r.oid)) AS named(oid)
    LEFT JOIN pg_index own ON w.what = 'index' AND own.indexrelid = named.oid
    JOIN pg_class t ON t.oid = coalesce(own.indrelid, named.oid)
    JOIN pg_index i ON i.indrelid IN (t.oid, t.reltoastrelid) AND NOT i.indisvalid
    JOIN pg_class c ON c.oid = i.indexrelid AND c.relkind = 'i'
    JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_index s ON s.indrelid = i.indrelid AND s.indexrelid <> i.indexrelid
                   AND (w.what = 'table' OR s.indexrelid = named.oid)
    JOIN pg_class sibling ON sibling.oid = s.indexrelid
    CROSS JOIN LATERAL regexp_replace(c.relname::text, '_cc(new|old)[0-9]*$', '') AS base(name)
   WHERE base.name <> c.relname::text
     AND (base.name = sibling.relname::text
          OR octet_length(c.relname::text) >= 60 AND left(sibling.relname::text, length(base.name)) = base.name)`;

/** The invalid indexes that these statements have left for this tenant, and nobody else's. */
async function readLeftIndexes(
  session: Session,
  statements: readonly Statement[],
  tenant: TenantConfig,
): Promise<LeftIndex[]> {
  const created = statements.flatMap(({ effect }) =>
    effect?.kind === 'creates index' ? { ...inTenant(effect.table, tenant), index: effect.index } : [],
  );
  const rebuilt = statements.flatMap(({ effect }) =>
    effect?.kind === 'rebuilds' ? { ...inTenant(effect.relation, tenant), what: effect.what } : [],
  );
  return [
    ...(await session.query<LeftIndex>(LEFT_BY_CREATE, [JSON.stringify(created)])),
    ...(await session.query<LeftIndex>(LEFT_BY_REBUILD, [JSON.stringify(rebuilt)])),
  ];
}

/** Drops what these statements have left for this tenant, and waits for those who may still use it. */
export async function dropLeftIndexes(
  { run, session, tenant }: { readonly run: Run; readonly session: Session; readonly tenant: TenantConfig },
  statements: readonly Statement[],
): Promise<void> {
  for (const index of await readLeftIndexes(session, statements, tenant)) {
    const text = `${session.member}: ${display(index)} is invalid and of no use; only a superuser can drop it`;
    if (index.droppable) await session.run(`DROP INDEX CONCURRENTLY IF EXISTS ${qualified(index)}`);
    else run.onProgress({ type: 'notice', text });
  }
}
