import type { TestFleet } from './test-fleet.js';

/**
 * All that hangs on relations of the veneer whose names begin with a word, in PostgreSQL's own texts, types of columns
 * left out: what a migration below must leave byte for byte as it was.
 */
const HANGING = `
  SELECT c.oid::regclass::text AS name, c.relkind AS kind, CASE WHEN c.relkind = 'f' THEN c.oid END AS oid,
         pg_get_userbyid(c.relowner) AS owner, c.relacl::text AS grants, c.reloptions::text AS options,
         obj_description(c.oid, 'pg_class') AS comment,
         CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
         f.ftoptions::text AS fdw,
         ARRAY(SELECT concat_ws(' | ', a.attname, a.attacl::text, col_description(c.oid, a.attnum),
                                pg_get_expr(d.adbin, d.adrelid), a.attoptions::text, a.attfdwoptions::text,
                                a.attstattarget, CASE WHEN c.relkind = 'f' THEN a.attstorage END)
                 FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns,
         ARRAY(SELECT concat_ws(' | ', pg_get_triggerdef(t.oid), t.tgenabled, obj_description(t.oid, 'pg_trigger'))
                 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal ORDER BY t.tgname) AS triggers,
         ARRAY(SELECT concat_ws(' | ', pg_get_ruledef(r.oid), r.ev_enabled, obj_description(r.oid, 'pg_rewrite'))
                 FROM pg_rewrite r WHERE r.ev_class = c.oid AND rulename <> '_RETURN' ORDER BY r.rulename) AS rules,
         ARRAY(SELECT concat_ws(' | ', k.conname, pg_get_constraintdef(k.oid), obj_description(k.oid, 'pg_constraint'))
                 FROM pg_constraint k WHERE k.conrelid = c.oid ORDER BY k.conname) AS constraints,
         ARRAY(SELECT concat_ws(' | ', pg_get_statisticsobjdef(s.oid), obj_description(s.oid, 'pg_statistic_ext'))
                 FROM pg_statistic_ext s WHERE s.stxrelid = c.oid ORDER BY s.stxname) AS statistics,
         ARRAY(SELECT i.inhparent::regclass::text || pg_get_expr(c.relpartbound, c.oid)
                 FROM pg_inherits i WHERE i.inhrelid = c.oid) AS attached
    FROM pg_class c LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
   WHERE starts_with(c.relname, $1) AND c.relkind IN ('f', 'v', 'm', 'r', 'p')
     AND c.relnamespace IN ('cyberdyne'::regnamespace, to_regnamespace('reporting'))
   ORDER BY 1`;

export type Hanging = Readonly<Record<string, unknown>>;

/** What hangs on the relations whose names begin with `word`, each by its own connection's search_path. */
export async function hangingOn(fleet: TestFleet, word: string): Promise<readonly Hanging[]> {
  const client = await fleet.connect('veneer', 'superuser');
  try {
    return (await client.query<Hanging>(HANGING, [word])).rows;
  } finally {
    await client.end();
  }
}
