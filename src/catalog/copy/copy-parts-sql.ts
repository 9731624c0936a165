import { keyOf, NS } from './copy-sql.js';

const TABLE = `'ALTER TABLE ONLY ' || quote_ident(c.relname)`;

/** Defaults, constraints but for foreign keys, the attachment of partitions, and indexes. */
export const PARTS = `
  WITH ${NS}, rel AS (SELECT c.* FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind IN ('r', 'p', 'v', 'm'))
  SELECT ${keyOf('pg_attrdef', 'd.oid')} AS key, 4 AS rank, d.oid::text, 'default of ' || c.relname || '.' || a.attname AS object,
         ARRAY[${TABLE} || ' ALTER COLUMN ' || quote_ident(a.attname) || ' SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)] AS sql
    FROM rel c JOIN pg_attrdef d ON d.adrelid = c.oid
         JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum AND a.attgenerated = ''
  UNION ALL
  SELECT ${keyOf('pg_constraint', 'con.oid')}, CASE con.contype WHEN 'c' THEN 5 ELSE 7 END, con.oid::text,
         'constraint ' || con.conname || ' of ' || c.relname,
         ARRAY[${TABLE} || ' ADD CONSTRAINT ' || quote_ident(con.conname) || ' ' || pg_get_constraintdef(con.oid)]
    FROM rel c JOIN pg_constraint con ON con.conrelid = c.oid
   WHERE con.contype IN ('c', 'p', 'u', 'x') OR (con.contype = 'n' AND NOT con.convalidated)
  UNION ALL
  SELECT 'attach:' || c.oid, 6, c.oid::text, 'partition ' || c.relname,
         ARRAY['ALTER TABLE ONLY ' || quote_ident(p.relname) || ' ATTACH PARTITION ' || quote_ident(c.relname) || ' ' ||
               pg_get_expr(c.relpartbound, c.oid)]
    FROM rel c JOIN pg_inherits i ON i.inhrelid = c.oid JOIN pg_class p ON p.oid = i.inhparent
   WHERE c.relispartition
  UNION ALL
  SELECT ${keyOf('pg_class', 'x.oid')}, 8, x.oid::text, 'index ' || x.relname, ARRAY[pg_get_indexdef(x.oid, 0, true)]
    FROM rel c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
   WHERE NOT EXISTS (SELECT FROM pg_constraint con WHERE con.conindid = x.oid AND con.contype IN ('p', 'u', 'x'))`;

/** What nothing else depends on, in the order of its ranks. */
export const LATE_PARTS = `
  WITH ${NS}, rel AS (SELECT c.* FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind IN ('r', 'p', 'v', 'm'))
  SELECT 'late' AS key, 20 AS rank, x.oid::text, 'index ' || x.relname AS object,
         ARRAY['ALTER INDEX ' || quote_ident(p.relname) || ' ATTACH PARTITION ' || quote_ident(x.relname)] AS sql
    FROM rel c JOIN pg_index i ON i.indrelid = c.oid JOIN pg_class x ON x.oid = i.indexrelid
         JOIN pg_inherits h ON h.inhrelid = x.oid JOIN pg_class p ON p.oid = h.inhparent
  UNION ALL
  SELECT 'late', 21, s.oid::text, 'sequence ' || s.relname,
         ARRAY['ALTER SEQUENCE ' || quote_ident(s.relname) || ' OWNED BY ' || quote_ident(c.relname) || '.' || quote_ident(a.attname)]
    FROM rel c JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.deptype = 'a'
                               AND d.classid = 'pg_class'::regclass AND d.refobjsubid > 0
         JOIN pg_class s ON s.oid = d.objid AND s.relkind = 'S'
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = d.refobjsubid
  UNION ALL
  SELECT 'late', 23, con.oid::text, 'constraint ' || con.conname || ' of ' || c.relname,
         ARRAY['ALTER TABLE ' || CASE c.relkind WHEN 'p' THEN '' ELSE 'ONLY ' END || quote_ident(c.relname) ||
               ' ADD CONSTRAINT ' || quote_ident(con.conname) || ' ' || pg_get_constraintdef(con.oid)]
    FROM rel c JOIN pg_constraint con ON con.conrelid = c.oid AND con.contype = 'f' AND con.conparentid = 0
  UNION ALL
  SELECT 'late', 24, t.oid::text, 'trigger ' || t.tgname || ' of ' || c.relname, ARRAY[pg_get_triggerdef(t.oid, true)]
    FROM rel c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgparentid = 0
  UNION ALL
  SELECT 'late', 25, r.oid::text, 'rule ' || r.rulename || ' of ' || c.relname, ARRAY[pg_get_ruledef(r.oid, true)]
    FROM rel c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'
  UNION ALL
  SELECT 'late', 26, p.oid::text, 'policy ' || p.polname || ' of ' || c.relname,
         ARRAY['CREATE POLICY ' || quote_ident(p.polname) || ' ON ' || quote_ident(c.relname) ||
               CASE WHEN p.polpermissive THEN '' ELSE ' AS RESTRICTIVE' END || ' FOR ' ||
               (ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'ALL'])[strpos('rawd*', p.polcmd::text)] || ' TO ' ||
               (SELECT string_agg(CASE r.id WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r.id)) END, ', ')
                  FROM unnest(p.polroles) AS r(id)) ||
               coalesce(' USING (' || pg_get_expr(p.polqual, p.polrelid) || ')', '') ||
               coalesce(' WITH CHECK (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')', '')]
    FROM rel c JOIN pg_policy p ON p.polrelid = c.oid`;
