/**
 * The columns of pg_class `c` as one JSON array `columns`, in order. The rules are those of postgres_fdw's own
 * IMPORT FOREIGN SCHEMA query (contrib/postgres_fdw/postgres_fdw.c, postgresImportForeignSchema): format_type
 * under pg_catalog, attnotnull, stored generated expressions; the collation counts where it differs from the
 * type's own, since that is what a COLLATE clause changes.
 */
export const COLUMNS = `
  (SELECT coalesce(json_agg(json_build_object(
            'attnum', a.attnum, 'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
            'notNull', a.attnotnull,
            'collation', CASE WHEN a.attcollation <> t.typcollation AND a.attcollation <> 0
                              THEN json_build_object('schema', cn.nspname, 'name', co.collname) END,
            'generated', CASE WHEN a.attgenerated = 's' THEN pg_get_expr(d.adbin, d.adrelid) END,
            'options', a.attfdwoptions, 'hasDefault', a.atthasdef OR a.attidentity <> '',
            'userType', coalesce(e.typnamespace, t.typnamespace) <> 'pg_catalog'::regnamespace)
          ORDER BY a.attnum), '[]'::json)
     FROM pg_attribute a
     JOIN pg_type t ON t.oid = a.atttypid
     LEFT JOIN pg_type e ON e.oid = t.typelem AND t.typcategory = 'A'
     LEFT JOIN pg_collation co ON co.oid = a.attcollation
     LEFT JOIN pg_namespace cn ON cn.oid = co.collnamespace
     LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)`;
