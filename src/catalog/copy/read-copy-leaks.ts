import type { Session } from '../../postgres/session.js';

/** Catalogs of what lies in a schema, with the column that says in which. */
const IN_SCHEMA = {
  pg_class: 'relnamespace',
  pg_proc: 'pronamespace',
  pg_type: 'typnamespace',
  pg_constraint: 'connamespace',
  pg_statistic_ext: 'stxnamespace',
  pg_operator: 'oprnamespace',
  pg_opclass: 'opcnamespace',
  pg_collation: 'collnamespace',
  pg_ts_config: 'cfgnamespace',
  pg_ts_dict: 'dictnamespace',
} as const;

/** Catalogs of the parts of a relation, with the column that says of which. */
const OF_RELATION = {
  pg_attrdef: 'adrelid',
  pg_trigger: 'tgrelid',
  pg_rewrite: 'ev_class',
  pg_policy: 'polrelid',
} as const;

/** Rows (class, oid) of what the catalogs have where their column is one of `oids`. */
const objects = (catalogs: Readonly<Record<string, string>>, oids: string): string =>
  Object.entries(catalogs)
    .map(
      ([catalog, column]) =>
        `SELECT '${catalog}'::regclass, o.oid FROM ${catalog} o WHERE o.${column} IN (${oids})`,
    )
    .join(' UNION ALL ');

/** What of one schema depends on something in another, or on that schema itself, in PostgreSQL's words for it. */
export async function readCopyLeaks(session: Session, schema: string, other: string): Promise<string[]> {
  const rows = await session.query<{ object: string }>(
    `WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = $1),
     other AS (SELECT oid FROM pg_namespace WHERE nspname = $2),
     rel AS (SELECT c.oid FROM own JOIN pg_class c ON c.relnamespace = own.oid),
     inside (class, oid) AS (
       ${objects(IN_SCHEMA, 'SELECT oid FROM own')} UNION ALL ${objects(OF_RELATION, 'SELECT oid FROM rel')}),
     theirs (class, oid) AS (
       SELECT 'pg_namespace'::regclass, oid FROM other UNION ALL ${objects(IN_SCHEMA, 'SELECT oid FROM other')})
     SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS object
       FROM pg_depend d JOIN inside ON inside.class = d.classid AND inside.oid = d.objid
            JOIN theirs ON theirs.class = d.refclassid AND theirs.oid = d.refobjid
      ORDER BY 1`,
    [schema, other],
  );
  return rows.map(({ object }) => object);
}
