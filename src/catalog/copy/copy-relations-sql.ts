import { collation, keyOf, NS, options } from './copy-sql.js';

const SEQUENCE_OPTIONS = `
  'START WITH ' || s.seqstart || ' INCREMENT BY ' || s.seqincrement || ' MINVALUE ' || s.seqmin ||
  ' MAXVALUE ' || s.seqmax || ' CACHE ' || s.seqcache || CASE WHEN s.seqcycle THEN ' CYCLE' ELSE ' NO CYCLE' END`;

const UNLOGGED = `CASE WHEN c.relpersistence = 'u' THEN 'UNLOGGED ' ELSE '' END`;

/** Of a table, a NOT NULL by its name where it has one, which is so since PostgreSQL 18. */
const NOT_NULL = `
  CASE WHEN NOT a.attnotnull THEN ''
       ELSE coalesce((SELECT CASE WHEN n.convalidated
                                  THEN ' CONSTRAINT ' || quote_ident(n.conname) || ' NOT NULL' ||
                                       CASE WHEN n.connoinherit THEN ' NO INHERIT' ELSE '' END
                                  ELSE '' END
                        FROM pg_constraint n
                       WHERE n.conrelid = c.oid AND n.contype = 'n' AND n.conkey[1] = a.attnum), ' NOT NULL') END`;

const COLUMNS = `
  SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod) ||
                    ${collation('a.attcollation', 't.typcollation')} ||
                    CASE a.attgenerated WHEN 's' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') STORED'
                                        WHEN 'v' THEN ' GENERATED ALWAYS AS (' || pg_get_expr(d.adbin, d.adrelid) || ') VIRTUAL'
                                        ELSE '' END ||
                    ${NOT_NULL}, ', ' ORDER BY a.attnum)
    FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
   WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped`;

/** What ALTER COLUMN sets; by JSON, since not every version has each of the columns. */
const COLUMN_SETTINGS = `
  ARRAY(SELECT 'ALTER TABLE ONLY ' || quote_ident(c.relname) || ' ALTER COLUMN ' || quote_ident(a.attname) || ' ' || setting
          FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid, LATERAL (SELECT to_jsonb(a) AS j) AS json,
               LATERAL (VALUES
                 (1, CASE WHEN a.attstorage <> t.typstorage
                          THEN 'SET STORAGE ' || (ARRAY['PLAIN', 'EXTERNAL', 'MAIN', 'EXTENDED'])[strpos('pemx', a.attstorage::text)] END),
                 (2, CASE j->>'attcompression' WHEN 'p' THEN 'SET COMPRESSION pglz' WHEN 'l' THEN 'SET COMPRESSION lz4' END),
                 (3, CASE WHEN (j->>'attstattarget')::int >= 0 THEN 'SET STATISTICS ' || (j->>'attstattarget') END),
                 (4, 'SET (' || (SELECT string_agg(quote_ident(option_name) || '=' || quote_literal(option_value), ', ')
                                   FROM pg_options_to_table(a.attoptions)) || ')')) AS s(nr, setting)
         WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND setting IS NOT NULL
         ORDER BY a.attnum, nr)`;

const ACCESS_METHOD = `coalesce((SELECT ' USING ' || quote_ident(amname) FROM pg_am WHERE pg_am.oid = c.relam), '')`;

/** Tables with their columns, sequences, views. A partition is made as a table, and attached later: its columns keep their order. */
export const RELATIONS = `
  WITH ${NS}
  SELECT ${keyOf('pg_class', 'c.oid')} AS key, 3 AS rank, c.oid::text, 'table ' || c.relname AS object,
         'CREATE ' || ${UNLOGGED} || 'TABLE ' || quote_ident(c.relname) || ' (' || coalesce((${COLUMNS}), '') || ')' ||
         CASE c.relkind WHEN 'p' THEN ' PARTITION BY ' || pg_get_partkeydef(c.oid) ELSE '' END ||
         ${ACCESS_METHOD} || ${options('c')} || ${COLUMN_SETTINGS} AS sql
    FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind IN ('r', 'p')
  UNION ALL
  SELECT ${keyOf('pg_class', 'c.oid')}, 1, c.oid::text, 'sequence ' || c.relname,
         ARRAY[CASE WHEN a.attname IS NULL
                    THEN 'CREATE ' || ${UNLOGGED} || 'SEQUENCE ' || quote_ident(c.relname) ||
                         ' AS ' || format_type(s.seqtypid, NULL) || ' ' || ${SEQUENCE_OPTIONS}
                    ELSE 'ALTER TABLE ' || quote_ident(a.relname) || ' ALTER COLUMN ' || quote_ident(a.attname) ||
                         ' ADD GENERATED ' || CASE a.attidentity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END ||
                         ' AS IDENTITY (SEQUENCE NAME ' || quote_ident(c.relname) || ' ' || ${SEQUENCE_OPTIONS} || ')' END]
    FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind = 'S' JOIN pg_sequence s ON s.seqrelid = c.oid
         LEFT JOIN LATERAL (
           SELECT o.relname, att.attname, att.attidentity
             FROM pg_depend d JOIN pg_class o ON o.oid = d.refobjid
                  JOIN pg_attribute att ON att.attrelid = d.refobjid AND att.attnum = d.refobjsubid
            WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'i'
              AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0) AS a ON true
  UNION ALL
  SELECT ${keyOf('pg_class', 'c.oid')}, 9, c.oid::text, 'view ' || c.relname,
         ARRAY['CREATE VIEW ' || quote_ident(c.relname) || ${options('c')} || ' AS ' || rtrim(pg_get_viewdef(c.oid), ';')]
    FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind = 'v'
  UNION ALL
  SELECT ${keyOf('pg_class', 'c.oid')}, 9, c.oid::text, 'materialized view ' || c.relname,
         'CREATE MATERIALIZED VIEW ' || quote_ident(c.relname) || ${ACCESS_METHOD} || ${options('c')} || ' AS ' ||
         rtrim(pg_get_viewdef(c.oid), ';') || CASE WHEN c.relispopulated THEN ' WITH DATA' ELSE ' WITH NO DATA' END ||
         ${COLUMN_SETTINGS}
    FROM ns JOIN pg_class c ON c.relnamespace = ns.oid AND c.relkind = 'm'`;
