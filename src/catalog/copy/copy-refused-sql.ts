import { NS, routine } from './copy-sql.js';

const CLASSES = (...names: readonly string[]): string =>
  names.map((name) => `to_regclass('pg_catalog.${name}')`).join(', ');

/**
 * Who makes the copies: this session's user, or where that may only look, as in a dry run of whoever may do no more, who set the
 * fleet up.
 */
const MAKER = `(
  SELECT CASE WHEN current_setting('default_transaction_read_only') = 'on' AND NOT has_schema_privilege(ns.oid, 'CREATE')
              THEN (SELECT n.nspowner FROM pg_namespace n WHERE n.nspname = 'pgveneer')
              ELSE (SELECT r.oid FROM pg_roles r WHERE r.rolname = current_user) END
    FROM ns)`;

/** What is part of a schema and is not copied, or not for sure as it is: what it is, and why. */
export const REFUSED = `
  WITH ${NS}, rel AS (SELECT c.* FROM ns JOIN pg_class c ON c.relnamespace = ns.oid),
  inside AS (SELECT d.classid, d.objid FROM ns JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = ns.oid
                                                                   AND d.objsubid = 0 AND d.deptype = 'n'),
  owned (class, oid, owner, visible) AS (
    SELECT 'pg_class'::regclass, c.oid, c.relowner, pg_table_is_visible(c.oid) FROM rel c WHERE c.relkind <> 'c'
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, p.proowner, pg_function_is_visible(p.oid) FROM ns JOIN pg_proc p ON p.pronamespace = ns.oid
    UNION ALL SELECT 'pg_type'::regclass, t.oid, t.typowner, pg_type_is_visible(t.oid) FROM ns JOIN pg_type t ON t.typnamespace = ns.oid
    UNION ALL SELECT 'pg_statistic_ext'::regclass, s.oid, s.stxowner, pg_statistics_obj_is_visible(s.oid)
                FROM ns JOIN pg_statistic_ext s ON s.stxnamespace = ns.oid),
  reasons (class, oid, sub, why) AS (
    SELECT i.classid, i.objid, 0, 'which is of a kind that is not copied' FROM inside i
     WHERE NOT EXISTS (SELECT FROM rel c WHERE i.classid = 'pg_class'::regclass AND c.oid = i.objid
                                           AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'c'))
       AND NOT EXISTS (SELECT FROM pg_proc p WHERE i.classid = 'pg_proc'::regclass AND p.oid = i.objid AND p.prokind <> 'a')
       AND NOT EXISTS (SELECT FROM pg_type t WHERE i.classid = 'pg_type'::regclass AND t.oid = i.objid AND t.typtype IN ('e', 'd', 'c'))
       AND i.classid <> 'pg_statistic_ext'::regclass
    UNION ALL
    SELECT x.classid, x.objid, 0, 'which belongs to an extension'
      FROM owned o JOIN pg_depend x ON x.classid = o.class AND x.objid = o.oid AND x.deptype = 'e'
    UNION ALL
    SELECT class, oid, 0, 'whose owner is ' || pg_get_userbyid(owner) FROM owned
     WHERE owner <> ${MAKER}
    UNION ALL
    SELECT class, oid, 0, 'which has a name of PostgreSQL''s own' FROM owned WHERE NOT visible
    UNION ALL
    SELECT 'pg_class'::regclass, oid, 0, 'which is in a tablespace' FROM rel WHERE reltablespace <> 0
    UNION ALL
    SELECT 'pg_class'::regclass, oid, 0, 'which is made of a type' FROM rel WHERE reloftype <> 0
    UNION ALL
    SELECT 'pg_class'::regclass, c.oid, 0, 'which inherits from a table' FROM rel c JOIN pg_inherits i ON i.inhrelid = c.oid
     WHERE c.relkind IN ('r', 'f') AND NOT c.relispartition
    UNION ALL
    SELECT 'pg_class'::regclass, i.inhrelid, 0, 'which is part of a table in another schema' FROM pg_inherits i
      JOIN pg_class c ON c.oid = i.inhrelid JOIN pg_class p ON p.oid = i.inhparent, ns
     WHERE (c.relnamespace = ns.oid) <> (p.relnamespace = ns.oid)
    UNION ALL
    SELECT 'pg_class'::regclass, i.indexrelid, 0, 'which is not valid' FROM rel c JOIN pg_index i ON i.indrelid = c.oid
     WHERE c.relkind <> 'p' AND NOT i.indisvalid
    UNION ALL
    SELECT 'pg_rewrite'::regclass, r.oid, 0, 'which is a rule ON SELECT of its own' FROM rel c JOIN pg_rewrite r ON r.ev_class = c.oid
     WHERE r.ev_type = '1' AND c.relkind NOT IN ('v', 'm')
    UNION ALL
    SELECT l.classoid, l.objoid, l.objsubid, 'which has a security label' FROM pg_seclabel l JOIN owned o ON o.class = l.classoid AND o.oid = l.objoid
    UNION ALL
    SELECT d.classid, d.objid, d.objsubid, 'which is no part of the schema, and depends on it'
      FROM pg_depend d JOIN owned o ON o.class = d.refclassid AND o.oid = d.refobjid
     WHERE d.classid NOT IN (${CLASSES('pg_class', 'pg_type', 'pg_proc', 'pg_attrdef', 'pg_constraint', 'pg_trigger', 'pg_rewrite', 'pg_policy', 'pg_statistic_ext', 'pg_default_acl')})
    UNION ALL
    SELECT d.classid, d.objid, d.objsubid, 'which is no part of the schema, and depends on it'
      FROM pg_depend d JOIN ns ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = ns.oid
     WHERE d.classid = to_regclass('pg_catalog.pg_publication_namespace')
    UNION ALL
    SELECT 'pg_default_acl'::regclass, a.oid, 0, 'of ' || pg_get_userbyid(a.defaclrole) FROM ns JOIN pg_default_acl a ON a.defaclnamespace = ns.oid
     WHERE a.defaclrole <> ${MAKER})
  SELECT DISTINCT coalesce(CASE class WHEN 'pg_proc'::regclass
                                      THEN (SELECT 'function ' || ${routine('p')} FROM pg_proc p WHERE p.oid = r.oid) END,
                           pg_describe_object(class, oid, sub)) || ', ' || why AS refused
    FROM reasons r
   -- What comes with a type is told by the type.
   WHERE NOT EXISTS (SELECT FROM pg_depend i
                      WHERE i.classid = r.class AND i.objid = r.oid AND i.deptype = 'i'
                        AND i.classid IN ('pg_proc'::regclass, 'pg_type'::regclass, 'pg_cast'::regclass))
   ORDER BY 1`;
