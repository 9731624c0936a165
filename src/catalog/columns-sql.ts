import { typeRefSql } from './type-sql.js';

/**
 * Is pg_attribute `a` NOT NULL for every row? IMPORT FOREIGN SCHEMA copies attnotnull, which PostgreSQL 18 sets for
 * a constraint that is NOT VALID too, where rows with NULL may remain (docs/adr/0007). Needs {@link NOT_VALID}.
 */
export const NOT_NULL = '(a.attnotnull AND k.conrelid IS NULL)';

/** Joins the NOT NULL constraint of column `a` that is not validated; before 18 there is none in pg_constraint. */
export const NOT_VALID = `
  LEFT JOIN pg_constraint k
    ON k.conrelid = a.attrelid AND k.contype = 'n' AND NOT k.convalidated AND k.conkey[1] = a.attnum`;

/** By what attribute `a` gets its value, where it is not a default. */
export const COMPUTED = `
  CASE WHEN a.attidentity = 'a' THEN 'identity always'
       WHEN a.attidentity = 'd' THEN 'identity by default'
       WHEN a.attgenerated = 'v' THEN 'virtual'
       WHEN a.attgenerated = 's' THEN 'stored' END`;

/** A default, an identity or a generated expression. */
export const HAS_DEFAULT = `(a.atthasdef OR a.attidentity <> '')`;

/**
 * The columns of pg_class `c` as one JSON array `columns`, in order. The rules are those of postgres_fdw's own
 * IMPORT FOREIGN SCHEMA query (contrib/postgres_fdw/postgres_fdw.c, postgresImportForeignSchema): format_type
 * under pg_catalog, attnotnull, stored generated expressions (a virtual one becomes a plain column); the collation
 * counts where it differs from the type's own, since that is what a COLLATE clause changes.
 */
export const COLUMNS = `
  (SELECT coalesce(json_agg(json_build_object(
            'attnum', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'notNull', ${NOT_NULL},
            'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                              THEN json_build_object('schema', cn.nspname, 'name', co.collname) END,
            'generated', CASE WHEN a.attgenerated = 's' THEN pg_get_expr(d.adbin, d.adrelid) END,
            'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END,
            'computed', ${COMPUTED},
            'options', a.attfdwoptions, 'hasDefault', ${HAS_DEFAULT},
            'userType', ${typeRefSql('a.atttypid', 'a.atttypmod')})
          ORDER BY a.attnum), '[]'::json)
     FROM pg_attribute a
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_collation co ON co.oid = a.attcollation
     LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum ${NOT_VALID}
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;
