import type { Session } from '../postgres/session.js';

/** What of one schema depends on something in another, or on that schema itself, in PostgreSQL's words for it. */
export async function readCopyLeaks(session: Session, schema: string, other: string): Promise<string[]> {
  const rows = await session.query<{ object: string }>(
    `WITH own AS (SELECT oid FROM pg_namespace WHERE nspname = $1),
     other AS (SELECT oid FROM pg_namespace WHERE nspname = $2),
     rel AS (SELECT c.oid FROM own JOIN pg_class c ON c.relnamespace = own.oid),
     inside (class, oid) AS (
       SELECT 'pg_class'::regclass, oid FROM rel
       UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM own JOIN pg_proc p ON p.pronamespace = own.oid
       UNION ALL SELECT 'pg_type'::regclass, t.oid FROM own JOIN pg_type t ON t.typnamespace = own.oid
       UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid FROM own JOIN pg_statistic_ext s ON s.stxnamespace = own.oid
       UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM own JOIN pg_constraint c ON c.connamespace = own.oid
       UNION ALL SELECT 'pg_attrdef'::regclass, d.oid FROM rel JOIN pg_attrdef d ON d.adrelid = rel.oid
       UNION ALL SELECT 'pg_trigger'::regclass, t.oid FROM rel JOIN pg_trigger t ON t.tgrelid = rel.oid
       UNION ALL SELECT 'pg_rewrite'::regclass, r.oid FROM rel JOIN pg_rewrite r ON r.ev_class = rel.oid
       UNION ALL SELECT 'pg_policy'::regclass, p.oid FROM rel JOIN pg_policy p ON p.polrelid = rel.oid),
     theirs (class, oid) AS (
       SELECT 'pg_namespace'::regclass, oid FROM other
       UNION ALL SELECT 'pg_class'::regclass, c.oid FROM other JOIN pg_class c ON c.relnamespace = other.oid
       UNION ALL SELECT 'pg_proc'::regclass, p.oid FROM other JOIN pg_proc p ON p.pronamespace = other.oid
       UNION ALL SELECT 'pg_type'::regclass, t.oid FROM other JOIN pg_type t ON t.typnamespace = other.oid
       UNION ALL SELECT 'pg_constraint'::regclass, c.oid FROM other JOIN pg_constraint c ON c.connamespace = other.oid
       UNION ALL SELECT 'pg_operator'::regclass, o.oid FROM other JOIN pg_operator o ON o.oprnamespace = other.oid
       UNION ALL SELECT 'pg_opclass'::regclass, o.oid FROM other JOIN pg_opclass o ON o.opcnamespace = other.oid
       UNION ALL SELECT 'pg_collation'::regclass, c.oid FROM other JOIN pg_collation c ON c.collnamespace = other.oid
       UNION ALL SELECT 'pg_ts_config'::regclass, c.oid FROM other JOIN pg_ts_config c ON c.cfgnamespace = other.oid
       UNION ALL SELECT 'pg_ts_dict'::regclass, d.oid FROM other JOIN pg_ts_dict d ON d.dictnamespace = other.oid)
     SELECT DISTINCT pg_describe_object(d.classid, d.objid, d.objsubid) AS object
       FROM pg_depend d JOIN inside ON inside.class = d.classid AND inside.oid = d.objid
            JOIN theirs ON theirs.class = d.refclassid AND theirs.oid = d.refobjid
      ORDER BY 1`,
    [schema, other],
  );
  return rows.map(({ object }) => object);
}
