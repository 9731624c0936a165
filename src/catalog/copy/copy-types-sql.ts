import { collation, keyOf, NS, routine, withoutOwnSchema } from './copy-sql.js';

/** Enums, composites, domains and functions. */
export const TYPES_AND_FUNCTIONS = `
  WITH ${NS}
  SELECT ${keyOf('pg_type', 't.oid')} AS key, 0 AS rank, t.oid::text, 'type ' || t.typname AS object,
         ARRAY['CREATE TYPE ' || quote_ident(t.typname) || ' AS ENUM (' ||
               coalesce((SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
                           FROM pg_enum e WHERE e.enumtypid = t.oid), '') || ')'] AS sql
    FROM ns JOIN pg_type t ON t.typnamespace = ns.oid AND t.typtype = 'e'
  UNION ALL
  SELECT ${keyOf('pg_type', 't.oid')}, 0, t.oid::text, 'type ' || t.typname,
         ARRAY['CREATE TYPE ' || quote_ident(t.typname) || ' AS (' ||
               coalesce((SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ||
                                           ${collation('a.attcollation', 'at.typcollation')}, ', ' ORDER BY a.attnum)
                           FROM pg_attribute a JOIN pg_type at ON at.oid = a.atttypid
                          WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped), '') || ')']
    FROM ns JOIN pg_type t ON t.typnamespace = ns.oid AND t.typtype = 'c'
         JOIN pg_class c ON c.oid = t.typrelid AND c.relkind = 'c'
  UNION ALL
  SELECT ${keyOf('pg_type', 't.oid')}, 0, t.oid::text, 'domain ' || t.typname,
         'CREATE DOMAIN ' || quote_ident(t.typname) || ' AS ' || format_type(t.typbasetype, t.typtypmod) ||
         ${collation('t.typcollation', 'b.typcollation')} ||
         coalesce(' DEFAULT ' || pg_get_expr(t.typdefaultbin, 0), '') ||
         CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END ||
         ARRAY(SELECT 'ALTER DOMAIN ' || quote_ident(t.typname) || ' ADD CONSTRAINT ' || quote_ident(con.conname) || ' ' ||
                      pg_get_constraintdef(con.oid)
                 FROM pg_constraint con WHERE con.contypid = t.oid AND con.contype = 'c' ORDER BY con.oid)
    FROM ns JOIN pg_type t ON t.typnamespace = ns.oid AND t.typtype = 'd' JOIN pg_type b ON b.oid = t.typbasetype
  UNION ALL
  SELECT ${keyOf('pg_proc', 'p.oid')}, 2, p.oid::text, 'function ' || ${routine('p')},
         ARRAY[${withoutOwnSchema('def', 'head')}]
    FROM ns JOIN pg_proc p ON p.pronamespace = ns.oid AND p.prokind IN ('f', 'p', 'w'),
         LATERAL (SELECT pg_get_functiondef(p.oid) AS def,
                         CASE p.prokind WHEN 'p' THEN 'CREATE OR REPLACE PROCEDURE ' ELSE 'CREATE OR REPLACE FUNCTION ' END
                           AS head) AS d
   -- The constructors of a range come with it.
   WHERE NOT EXISTS (SELECT FROM pg_depend i
                      WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i')`;
