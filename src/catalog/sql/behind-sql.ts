import { lookUp } from './names-sql.js';

/** What catalog rows `of`, which belong to a relation, depend on among relations: a rule, a policy. */
const named = (catalog: string, of: string): string => `
    SELECT d.refobjid FROM ${catalog} o
      ${lookUp('pg_depend', 'd', `d.classid = '${catalog}'::regclass AND d.objid = o.oid AND d.refclassid = 'pg_class'::regclass`)}
     WHERE ${of}`;

/** One edge on: children of a parent, what the rule of a view names, and what the policies of a table do. */
const BELOW = `
  CROSS JOIN LATERAL (
    SELECT i.inhrelid AS oid FROM pg_inherits i WHERE reached.parent AND i.inhparent = reached.oid
    UNION ${named('pg_rewrite', "reached.kind = 'v' AND o.ev_class = reached.oid AND o.rulename = '_RETURN'")}
    UNION ${named('pg_policy', 'reached.secured AND o.polrelid = reached.oid')}
    OFFSET 0) AS e`;

/** Is pg_class `c` one of those that {@link BEHIND} tells something of? */
export const HAS_BEHIND = `(c.relkind = 'v' OR c.relhassubclass OR c.relrowsecurity)`;

/**
 * The tables by which it is decided, besides its own, what rows a reader of pg_class `c` gets: those under a parent, those that a view
 * names, and those that policies do, through as many of these as there are. As text, `oid/bounds` with blanks between; bounds are a
 * hash, and nothing where it is no partition. Null: none. Raw catalog columns only, for any session (PROTOCOL section 4, number 3). What
 * a function reads is not told by the catalogs.
 */
export const BEHIND = `
  CASE WHEN ${HAS_BEHIND} THEN (
    WITH RECURSIVE reached(oid, kind, file, parent, secured, bounds) AS (
      SELECT c.oid, c.relkind, 0::oid, c.relhassubclass, c.relrowsecurity, ''::text
      UNION
      SELECT t.oid, t.relkind, t.relfilenode, t.relhassubclass, t.relrowsecurity,
             coalesce(hashtext(t.relpartbound::text)::text, '')
        FROM reached ${BELOW}
        ${lookUp('pg_class', 't', "t.oid = e.oid AND t.oid <> reached.oid AND t.relkind IN ('r', 'v', 'm', 'p')")})
    SELECT string_agg(reached.oid || '/' || reached.bounds, ' ') FROM reached WHERE reached.file <> 0) END`;

/** A table that stands behind another relation. */
export interface Behind {
  readonly oid: string;
  /** As which partition; none: '' */
  readonly bounds: string;
}

/** What {@link BEHIND} reads. Pure. */
export const behindIn = (text: string | null): readonly Behind[] =>
  (text ?? '')
    .split(' ')
    .filter((one) => one !== '')
    .map((one) => {
      const [oid = '', bounds = ''] = one.split('/');
      return { oid, bounds };
    });
