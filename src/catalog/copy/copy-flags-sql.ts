import { NS, routine, withoutOwnSchema } from './copy-sql.js';

const ENABLED = `CASE %state WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END`;
const enabled = (state: string): string => ENABLED.replace('%state', state);

const REL = `
  ${NS}, rel AS (SELECT c.*, 'ALTER TABLE ONLY ' || quote_ident(c.relname) || ' ' AS alter
                   FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind IN ('r', 'p', 'v', 'm'))`;

/** Extended statistics, and what is switched on or off at the end. */
export const FLAGS = `
  WITH ${REL}
  SELECT 'late' AS key, 22 AS rank, s.oid::text, 'statistics ' || s.stxname AS object,
         ${withoutOwnSchema('pg_get_statisticsobjdef(s.oid)', "'CREATE STATISTICS '")} ||
         CASE WHEN (to_jsonb(s)->>'stxstattarget')::int >= 0
              THEN ARRAY['ALTER STATISTICS ' || quote_ident(s.stxname) || ' SET STATISTICS ' || (to_jsonb(s)->>'stxstattarget')]
              ELSE '{}'::text[] END AS sql
    FROM ns JOIN pg_statistic_ext s ON s.stxnamespace = ns.oid
  UNION ALL
  SELECT 'late', 27, c.oid::text, 'table ' || c.relname, ARRAY[c.alter || flag]
    FROM rel c, LATERAL (VALUES (c.relrowsecurity, 'ENABLE ROW LEVEL SECURITY'),
                                (c.relforcerowsecurity, 'FORCE ROW LEVEL SECURITY'),
                                (c.relkind IN ('r', 'p') AND c.relreplident = 'f', 'REPLICA IDENTITY FULL'),
                                (c.relkind IN ('r', 'p') AND c.relreplident = 'n', 'REPLICA IDENTITY NOTHING')) AS f(set, flag)
   WHERE f.set
  UNION ALL
  SELECT 'late', 27, x.oid::text, 'index ' || x.relname, ARRAY[c.alter || flag || quote_ident(x.relname)]
    FROM rel c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid,
         LATERAL (VALUES (i.indisreplident AND c.relreplident = 'i', 'REPLICA IDENTITY USING INDEX '),
                         (i.indisclustered, 'CLUSTER ON ')) AS f(set, flag)
   WHERE f.set
  UNION ALL
  SELECT 'late', 27, x.oid::text, 'index ' || x.relname,
         ARRAY['ALTER INDEX ' || quote_ident(x.relname) || ' ALTER COLUMN ' || a.attnum || ' SET STATISTICS ' || (to_jsonb(a)->>'attstattarget')]
    FROM rel c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
         JOIN pg_attribute a ON a.attrelid = x.oid AND (to_jsonb(a)->>'attstattarget')::int >= 0
  UNION ALL
  SELECT 'late', 27, t.oid::text, 'trigger ' || t.tgname || ' of ' || c.relname,
         ARRAY[c.alter || ${enabled('t.tgenabled')} || ' TRIGGER ' || quote_ident(t.tgname)]
    FROM rel c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'O'
  UNION ALL
  SELECT 'late', 27, r.oid::text, 'rule ' || r.rulename || ' of ' || c.relname,
         ARRAY[c.alter || ${enabled('r.ev_enabled')} || ' RULE ' || quote_ident(r.rulename)]
    FROM rel c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN' AND r.ev_enabled <> 'O'`;

const KIND = `CASE c.relkind WHEN 'v' THEN 'VIEW ' WHEN 'm' THEN 'MATERIALIZED VIEW ' WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END`;

/** COMMENT ON what is copied. The schema's own is none of these, since it names the schema. */
export const COMMENTS = `
  WITH ${NS}, rel AS (SELECT c.* FROM ns JOIN pg_class c ON c.relnamespace = ns.oid),
  targets (class, oid, sub, target) AS (
    SELECT 'pg_class'::regclass, c.oid, 0, ${KIND} || quote_ident(c.relname) FROM rel c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT 'pg_class'::regclass, c.oid, 0, 'INDEX ' || quote_ident(c.relname) FROM rel c WHERE c.relkind IN ('i', 'I')
    UNION ALL SELECT 'pg_class'::regclass, c.oid, a.attnum, 'COLUMN ' || quote_ident(c.relname) || '.' || quote_ident(a.attname)
      FROM rel c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL SELECT 'pg_constraint'::regclass, con.oid, 0, 'CONSTRAINT ' || quote_ident(con.conname) || ' ON ' || quote_ident(c.relname)
      FROM rel c JOIN pg_constraint con ON con.conrelid = c.oid
    UNION ALL SELECT 'pg_constraint'::regclass, con.oid, 0, 'CONSTRAINT ' || quote_ident(con.conname) || ' ON DOMAIN ' || quote_ident(t.typname)
      FROM ns JOIN pg_type t ON t.typnamespace = ns.oid JOIN pg_constraint con ON con.contypid = t.oid
    UNION ALL SELECT 'pg_trigger'::regclass, t.oid, 0, 'TRIGGER ' || quote_ident(t.tgname) || ' ON ' || quote_ident(c.relname)
      FROM rel c JOIN pg_trigger t ON t.tgrelid = c.oid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, 0, 'RULE ' || quote_ident(r.rulename) || ' ON ' || quote_ident(c.relname)
      FROM rel c JOIN pg_rewrite r ON r.ev_class = c.oid
    UNION ALL SELECT 'pg_policy'::regclass, p.oid, 0, 'POLICY ' || quote_ident(p.polname) || ' ON ' || quote_ident(c.relname)
      FROM rel c JOIN pg_policy p ON p.polrelid = c.oid
    UNION ALL SELECT 'pg_type'::regclass, t.oid, 0, 'TYPE ' || quote_ident(t.typname) FROM ns JOIN pg_type t ON t.typnamespace = ns.oid
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, 0, 'ROUTINE ' || ${routine('p')} FROM ns JOIN pg_proc p ON p.pronamespace = ns.oid
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, 0, 'STATISTICS ' || quote_ident(s.stxname)
      FROM ns JOIN pg_statistic_ext s ON s.stxnamespace = ns.oid)
  SELECT 'comment' AS key, 30 AS rank, t.oid::text, 'comment on ' || t.target AS object,
         ARRAY['COMMENT ON ' || t.target || ' IS ' || quote_literal(d.description)] AS sql
    FROM targets t JOIN pg_description d ON d.classoid = t.class AND d.objoid = t.oid AND d.objsubid = t.sub`;
