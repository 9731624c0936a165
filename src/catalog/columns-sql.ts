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

/** Subqueries, since most columns have neither a collation of their own nor a default, and need not look for one. */
const COLLATION = `
  CASE WHEN a.attcollation <> 0
        AND a.attcollation <> (SELECT t.typcollation FROM pg_type t WHERE t.oid = a.atttypid)
       THEN (SELECT json_build_object('schema', cn.nspname, 'name', co.collname)
               FROM pg_collation co JOIN pg_namespace cn ON cn.oid = co.collnamespace
              WHERE co.oid = a.attcollation) END`;

const expressionWhere = (condition: string): string => `
  CASE WHEN a.atthasdef AND ${condition}
       THEN (SELECT pg_get_expr(d.adbin, d.adrelid) FROM pg_attrdef d
              WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END`;

/** What is read of each column, by name. */
const FIELDS = {
  attnum: 'a.attnum',
  name: 'a.attname',
  type: 'format_type(a.atttypid, a.atttypmod)',
  notNull: NOT_NULL,
  collation: COLLATION,
  generated: expressionWhere(`a.attgenerated = 's'`),
  default: expressionWhere(`a.attgenerated = ''`),
  computed: COMPUTED,
  options: 'a.attfdwoptions',
  hasDefault: HAS_DEFAULT,
  userType: typeRefSql('a.atttypid', 'a.atttypmod'),
};

/**
 * The columns of pg_class `c`, in the order of their numbers, as the text of one JSON object: by field, a list. Not an object for
 * each, since json_build_object looks its arguments' types up in every call, which would be a third of the query's time.
 * `fields`: SQL of pg_attribute `a`, by name.
 */
export const columnLists = (fields: Readonly<Record<string, string>>): string => `
  (SELECT json_build_object(${Object.keys(fields)
    .map((field) => `'${field}', coalesce(json_agg("${field}"), '[]'::json)`)
    .join(', ')})::text
     FROM (SELECT ${Object.entries(fields)
       .map(([field, sql]) => `${sql} AS "${field}"`)
       .join(', ')}
             FROM pg_attribute a ${NOT_VALID}
            WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            ORDER BY a.attnum) AS read)`;

/**
 * What is read of a column that a foreign table shows, or that is one's of a foreign table. The rules are those of postgres_fdw's own
 * IMPORT FOREIGN SCHEMA query (contrib/postgres_fdw/postgres_fdw.c, postgresImportForeignSchema): format_type under
 * pg_catalog, attnotnull, stored generated expressions (a virtual one becomes a plain column); the collation counts
 * where it differs from the type's own, since that is what a COLLATE clause changes.
 */
export const COLUMNS = columnLists(FIELDS);
