import type { QualifiedName } from '../../postgres/identifiers.js';
import { lookUp, lookUpAny } from '../sql/names-sql.js';
import type { Row, Session } from '../../postgres/session.js';

/** What is about to happen to a relation of a veneer, as far as something else may stand in its way. */
export interface Fate {
  /** Oid of the relation. */
  readonly relation: string;
  /** The column's present name; null: the whole relation. */
  readonly column: string | null;
  readonly fate: 'drop' | 'retype';
}

/** An object of a veneer that PostgreSQL would not let a fate happen to, directly or over a view. */
export interface Dependent extends Row {
  readonly fate: Fate['fate'];
  /** What it is: only the first four can be put aside and restored. */
  readonly kind: 'view' | 'materialized view' | 'rule' | 'trigger' | 'other';
  /** Oid of the view, the rule or the trigger. */
  readonly oid: string;
  /** PostgreSQL's words: `view cyberdyne.shelf`. */
  readonly text: string;
  /** What it hangs on: `column title of foreign table cyberdyne.books`. */
  readonly on: string;
  /** Oid of the relation that it hangs on: a foreign table, or another view. */
  readonly over: string;
  /** Of a view that the session may act as the owner of, else null. */
  readonly view: (QualifiedName & { readonly owner: string }) | null;
}

/** What depends on a relation, on its row type or on an array of that: `d`, with the view `v` that it is, or the rule `r` of one. */
const onWhat = (relation: string): string => `
      ${lookUp('pg_class', 'c', `c.oid = ${relation}`)}
      ${lookUpAny('pg_type', 'y', 'y.oid = c.reltype')}
      CROSS JOIN LATERAL (VALUES ('pg_class'::regclass, c.oid), ('pg_type', y.oid), ('pg_type', y.typarray)) AS ref(class, oid)
      ${lookUp('pg_depend', 'd', `d.refclassid = ref.class AND d.refobjid = ref.oid AND d.deptype = 'n'`)}
      ${lookUpAny('pg_rewrite', 'r', `d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid`)}
      ${lookUpAny('pg_class', 'v', `d.classid = 'pg_class'::regclass AND v.oid = d.objid AND v.relkind IN ('v', 'm')`)}`;

/**
 * Walks pg_depend from columns and relations to what depends on them; of a column whose type changes on through
 * views, by their columns and by their row types. Left out is what PostgreSQL carries along itself: CHECK constraints
 * and extended statistics of the relation; its generated columns, whose expressions are dropped and set; rules and triggers of a view that is walked through
 * (src/backend/commands/tablecmds.c, RememberAllDependentForRebuilding; docs, "Dependency Tracking"). ALTER of a
 * parent reaches its children, so their dependents count as well.
 */
const DEPENDENTS = `
  WITH RECURSIVE target AS (
    SELECT t.relation::oid AS relid, coalesce(a.attnum, 0)::int AS attnum, t.fate
      FROM json_to_recordset($1::json) AS t(relation text, "column" text, fate text)
      ${lookUpAny('pg_attribute', 'a', `a.attrelid = t.relation::oid AND a.attname = t."column" AND NOT a.attisdropped`)}
     WHERE t."column" IS NULL OR a.attnum IS NOT NULL
    UNION
    SELECT i.inhrelid, child.attnum::int, t.fate
      FROM target t
      ${lookUp('pg_inherits', 'i', 'i.inhparent = t.relid AND t.attnum > 0')}
      ${lookUp('pg_attribute', 'parent', 'parent.attrelid = t.relid AND parent.attnum = t.attnum')}
      ${lookUp('pg_attribute', 'child', 'child.attrelid = i.inhrelid AND child.attname = parent.attname')}
  ), found AS (
    SELECT t.fate, t.relid AS over, t.attnum AS over_column, d.classid, d.objid, d.objsubid,
           coalesce(r.ev_class, v.oid) AS holder, coalesce(r.rulename, '_RETURN') AS rule
      FROM target t ${onWhat('t.relid')}
      ${lookUpAny('pg_constraint', 'k', `d.classid = 'pg_constraint'::regclass AND k.oid = d.objid AND k.conrelid = t.relid`)}
      ${lookUpAny('pg_attrdef', 'g', `d.classid = 'pg_attrdef'::regclass AND g.oid = d.objid AND g.adrelid = t.relid`)}
     WHERE CASE WHEN ref.class = 'pg_class'::regclass THEN t.attnum IN (0, d.refobjsubid)
                -- A stored column of the row type forbids ALTER TYPE, anything else of that type does not.
                ELSE t.attnum = 0 OR (d.classid = 'pg_class'::regclass AND v.oid IS NULL) END
       AND k.oid IS NULL AND g.oid IS NULL
    UNION
    SELECT f.fate, f.holder, 0, d.classid, d.objid, d.objsubid,
           coalesce(r.ev_class, v.oid), coalesce(r.rulename, '_RETURN')
      FROM found f ${onWhat('f.holder')}
      ${lookUpAny('pg_trigger', 't', `d.classid = 'pg_trigger'::regclass AND t.oid = d.objid AND t.tgrelid = f.holder`)}
     WHERE f.fate = 'retype' AND f.rule = '_RETURN' AND coalesce(r.ev_class, v.oid) IS DISTINCT FROM f.holder
       AND t.oid IS NULL
  ), shown AS (
    SELECT f.*, CASE WHEN f.rule <> '_RETURN' THEN 'rule'
                     WHEN h.relkind = 'v' THEN 'view' WHEN h.relkind = 'm' THEN 'materialized view'
                     WHEN f.classid = 'pg_trigger'::regclass THEN 'trigger' ELSE 'other' END AS kind
      FROM found f ${lookUpAny('pg_class', 'h', 'h.oid = f.holder')}
  )
  SELECT DISTINCT fate, kind, "over"::text AS "over",
         (CASE WHEN kind LIKE '%view' THEN holder ELSE objid END)::text AS oid,
         (SELECT jsonb_build_object('schema', n.nspname, 'name', c.relname, 'owner', pg_get_userbyid(c.relowner))
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE kind = 'view' AND c.oid = holder AND pg_has_role(c.relowner, 'USAGE')) AS view,
         CASE WHEN kind LIKE '%view' THEN pg_describe_object('pg_class'::regclass, holder, 0)
              ELSE pg_describe_object(classid, objid, objsubid) END AS text,
         pg_describe_object('pg_class'::regclass, "over", over_column) AS "on"
    FROM shown
   ORDER BY text, "on"`;

/** What stands in the way of these fates, in one query for all of them. */
export async function readDependents(session: Session, fates: readonly Fate[]): Promise<Dependent[]> {
  return fates.length === 0 ? [] : session.prepared<Dependent>(DEPENDENTS, [JSON.stringify(fates)]);
}
