/** The first oid that is no object of initdb's: what lies below is there on every server (access/transam.h, FirstNormalObjectId). */
export const FIRST_OF_USERS = 16384;

/**
 * How a type of one's own is written where it is used, as JSON; null for a type of PostgreSQL itself. `type` and
 * `typmod` are SQL expressions. An array is the reference to its element with `[]` in the suffix. The suffix is what
 * format_type puts behind the qualified name: it holds the modifier of an extension's type, too.
 */
export const typeRefSql = (type: string, typmod: string): string => `
  CASE WHEN ${type} >= ${FIRST_OF_USERS} THEN (
    SELECT json_build_object('oid', e.oid::text, 'schema', en.nspname, 'name', e.typname,
             'suffix', substr(format_type(${type}, ${typmod}), length(format('%I.%I', en.nspname, e.typname)) + 1),
             'extension', (SELECT x.extname FROM pg_depend xd JOIN pg_extension x ON x.oid = xd.refobjid
                            WHERE xd.classid = 'pg_type'::regclass AND xd.objid = e.oid
                              AND xd.refclassid = 'pg_extension'::regclass AND xd.deptype = 'e'))
      FROM pg_type u
      JOIN pg_type e ON e.oid = CASE WHEN u.typtype = 'b' AND u.typcategory = 'A' AND u.typelem <> 0
                                     THEN u.typelem ELSE u.oid END
      JOIN pg_namespace en ON en.oid = e.typnamespace
     WHERE u.oid = ${type} AND en.nspname <> 'pg_catalog') END`;
