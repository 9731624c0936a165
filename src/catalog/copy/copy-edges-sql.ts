import { keyOf, NS } from './copy-sql.js';

/**
 * What has to be there before what. Objects that come with another one (a row type, a view's rule, the index of a constraint, a
 * generated expression) count as that one. That a sequence belongs to a column is said at the end, and orders nothing. A
 * partitioned table has its partitions before its own indexes, so that each partition's has the name that is copied.
 */
export const EDGES = `
  WITH ${NS}, rel AS (SELECT c.* FROM ns JOIN pg_class c ON c.relnamespace = ns.oid),
  typ AS (SELECT t.* FROM ns JOIN pg_type t ON t.typnamespace = ns.oid),
  item (class, oid, key) AS (
    SELECT 'pg_class'::regclass, c.oid, ${keyOf('pg_class', 'c.oid')} FROM rel c WHERE c.relkind IN ('r', 'p', 'v', 'm', 'S')
    UNION ALL SELECT 'pg_class'::regclass, c.oid, ${keyOf('pg_type', 'c.reltype')} FROM rel c WHERE c.relkind = 'c'
    UNION ALL SELECT 'pg_class'::regclass, c.oid,
                     coalesce((SELECT ${keyOf('pg_constraint', 'con.oid')} FROM pg_constraint con
                                WHERE con.conindid = c.oid AND con.contype IN ('p', 'u', 'x')), ${keyOf('pg_class', 'c.oid')})
      FROM rel c WHERE c.relkind IN ('i', 'I')
    UNION ALL SELECT 'pg_type'::regclass, t.oid,
                     CASE WHEN o.typtype = 'c' AND c.relkind <> 'c' THEN ${keyOf('pg_class', 'c.oid')} ELSE ${keyOf('pg_type', 'o.oid')} END
      FROM typ t JOIN pg_type o ON o.oid = CASE WHEN t.typelem <> 0 AND t.typlen = -1 AND t.typtype = 'b' THEN t.typelem ELSE t.oid END
           LEFT JOIN pg_class c ON c.oid = o.typrelid
    UNION ALL SELECT 'pg_attrdef'::regclass, d.oid,
                     CASE a.attgenerated WHEN '' THEN ${keyOf('pg_attrdef', 'd.oid')} ELSE ${keyOf('pg_class', 'c.oid')} END
      FROM rel c JOIN pg_attrdef d ON d.adrelid = c.oid JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
    UNION ALL SELECT 'pg_constraint'::regclass, con.oid, ${keyOf('pg_constraint', 'con.oid')}
      FROM rel c JOIN pg_constraint con ON con.conrelid = c.oid
    UNION ALL SELECT 'pg_constraint'::regclass, con.oid, ${keyOf('pg_type', 't.oid')}
      FROM typ t JOIN pg_constraint con ON con.contypid = t.oid
    UNION ALL SELECT 'pg_rewrite'::regclass, r.oid, ${keyOf('pg_class', 'c.oid')}
      FROM rel c JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
    UNION ALL SELECT 'pg_proc'::regclass, p.oid, ${keyOf('pg_proc', 'p.oid')} FROM ns JOIN pg_proc p ON p.pronamespace = ns.oid),
  part AS (SELECT c.oid, i.inhparent AS parent FROM rel c JOIN pg_inherits i ON i.inhrelid = c.oid WHERE c.relkind IN ('r', 'p'))
  SELECT DISTINCT one.key AS key, other.key AS needs
    FROM pg_depend d JOIN item one ON one.class = d.classid AND one.oid = d.objid
         JOIN item other ON other.class = d.refclassid AND other.oid = d.refobjid
   WHERE one.key <> other.key
     AND NOT (d.deptype = 'a' AND d.classid = 'pg_class'::regclass
              AND EXISTS (SELECT FROM rel c WHERE c.oid = d.objid AND c.relkind = 'S'))
  UNION
  SELECT 'attach:' || part.oid, ${keyOf('pg_class', 't.oid')} FROM part, LATERAL (VALUES (part.oid), (part.parent)) AS t(oid)
  UNION
  SELECT 'attach:' || part.oid, ${keyOf('pg_constraint', 'con.oid')}
    FROM part JOIN pg_constraint con ON con.conrelid IN (part.oid, part.parent) AND con.contype IN ('c', 'n')
  UNION
  SELECT ${keyOf('pg_constraint', 'con.oid')}, 'attach:' || part.oid
    FROM part JOIN pg_constraint con ON con.conrelid = part.parent AND con.contype IN ('p', 'u', 'x')
  UNION
  SELECT ${keyOf('pg_class', 'i.indexrelid')}, 'attach:' || part.oid FROM part JOIN pg_index i ON i.indrelid = part.parent`;
