import type { TenantConfig } from '../../config/config.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';

interface Holdings extends Record<string, unknown> {
  readonly tables: number;
  readonly rows: string;
  readonly size: string;
  readonly others: number;
}

/** What would be lost with a tenant, in sentences, and how to keep a copy. Row counts are the planner's. */
export async function readHoldings(
  session: Session,
  { name, schema }: TenantConfig,
): Promise<readonly string[]> {
  const [held] = await session.query<Holdings>(
    `SELECT count(*) FILTER (WHERE c.relkind IN ('r', 'p'))::int AS tables,
            coalesce(sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind = 'r'), 0)::bigint::text AS rows,
            pg_size_pretty(coalesce(sum(CASE WHEN c.relkind IN ('r', 'm') THEN pg_total_relation_size(c.oid) END), 0)) AS size,
            count(*) FILTER (WHERE c.relkind IN ('v', 'm', 'S', 'f'))::int
              + (SELECT count(*) FROM pg_proc p WHERE p.pronamespace = n.oid)::int AS others
       FROM pg_namespace n LEFT JOIN pg_class c ON c.relnamespace = n.oid
      WHERE n.nspname = $1 GROUP BY n.oid`,
    [schema],
  );
  if (held === undefined)
    return [`${session.member} has no schema ${schema}: only what is recorded of ${name} goes`];
  const { tables, rows, size, others } = held;
  return [
    `${session.member}: schema ${schema} of tenant ${name} goes, with ${tables} tables (about ${rows} rows, ${size}) and ${others} other objects`,
    `a copy first: pg_dump --schema='${ident(schema)}' --file=${name.replaceAll(/[^\w.-]/g, '_')}.sql '<url of ${session.member}>'`,
  ];
}

/** The same of a tenant whose database goes as a whole. */
export async function readDatabaseHoldings(
  session: Session,
  { name }: TenantConfig,
): Promise<readonly string[]> {
  const { database } = session.server;
  const [held] = await session.query<Holdings>(
    `SELECT count(*) FILTER (WHERE c.relkind IN ('r', 'p'))::int AS tables,
            coalesce(sum(greatest(c.reltuples, 0)) FILTER (WHERE c.relkind = 'r'), 0)::bigint::text AS rows,
            pg_size_pretty(pg_database_size(current_database())) AS size
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgveneer')`,
  );
  const { tables, rows, size } = held ?? { tables: 0, rows: '0', size: '' };
  return [
    `${session.member}: database ${database} of tenant ${name} goes, with ${tables} tables (about ${rows} rows) and all else that it holds, ${size} in all`,
    `a copy first: pg_dump --file=${name.replaceAll(/[^\w.-]/g, '_')}.sql '<url of ${session.member}>'`,
  ];
}
