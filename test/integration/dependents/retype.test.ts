import { beforeAll, expect, test } from '@jest/globals';
import type { UpReport } from '../../../src/report/up.js';
import { hangingOn, type Hanging } from '../../support/dependents.js';
import { assertLikeImport } from '../../support/like-import.js';
import { scenario } from '../../support/scenario.js';

/**
 * The catalogue of dependents: per kind a table of its own, what is made above it on the veneer by its owner (or, with
 * `by`, as whom), and one migration below them all that changes the type of the column on which it hangs.
 */
interface Kind {
  readonly kind: string;
  readonly sql: string;
  readonly by?: 'superuser';
}

const KINDS: Readonly<Record<string, Kind>> = {
  plain: {
    kind: 'a view whose columns have names of their own',
    sql: `CREATE VIEW plain_v AS SELECT id, pages AS n, title FROM plain WHERE pages > 5;
          ALTER VIEW plain_v RENAME COLUMN title TO "Her title"`,
  },
  tree: {
    kind: 'views over views, in a diamond',
    sql: `CREATE VIEW tree_z AS SELECT id, pages FROM tree; CREATE VIEW tree_b AS SELECT pages FROM tree_z;
          CREATE VIEW tree_c AS SELECT z.pages, t.title FROM tree_z z JOIN tree t USING (id);
          CREATE VIEW tree_a AS SELECT b.pages FROM tree_b b JOIN tree_c c USING (pages)`,
  },
  owner: {
    kind: 'a view of another owner',
    sql: `CREATE VIEW owner_v AS SELECT pages FROM owner; ALTER VIEW owner_v OWNER TO dep_writer;
          GRANT SELECT ON owner_v TO veneer_app WITH GRANT OPTION`,
    by: 'superuser',
  },
  grants: {
    kind: 'grants on a view and on its columns, with grant option, and what was granted on with it',
    sql: `CREATE VIEW grants_v AS SELECT id, pages FROM grants;
          REVOKE INSERT, TRUNCATE ON grants_v FROM veneer_admin; REVOKE ALL ON grants_v FROM veneer_app;
          GRANT SELECT, DELETE ON grants_v TO dep_writer WITH GRANT OPTION; GRANT UPDATE (pages) ON grants_v TO veneer_app;
          GRANT INSERT (id) ON grants_v TO dep_writer WITH GRANT OPTION;
          SET ROLE dep_writer; GRANT SELECT ON grants_v TO dep_reader WITH GRANT OPTION; GRANT INSERT (id) ON grants_v TO PUBLIC;
          SET ROLE dep_reader; GRANT SELECT ON grants_v TO PUBLIC; RESET ROLE`,
  },
  comments: {
    kind: 'comments on a view, its columns, its rule and its trigger',
    sql: `CREATE VIEW comments_v AS SELECT id, pages FROM comments; COMMENT ON VIEW comments_v IS E'O''Brien\\\\s "view"';
          COMMENT ON COLUMN comments_v.pages IS 'as printed; not as read';
          CREATE RULE comments_r AS ON DELETE TO comments_v DO INSTEAD NOTHING;
          COMMENT ON RULE comments_r ON comments_v IS 'no';
          CREATE TRIGGER comments_t INSTEAD OF UPDATE ON comments_v FOR EACH ROW EXECUTE FUNCTION ignore();
          COMMENT ON TRIGGER comments_t ON comments_v IS 'never'`,
  },
  options: {
    kind: 'security_invoker, security_barrier and check_option',
    sql: `CREATE VIEW options_a WITH (security_invoker = true, security_barrier) AS SELECT pages FROM options;
          CREATE VIEW options_b WITH (security_barrier = false) AS SELECT pages FROM options WHERE pages > 0 WITH CASCADED CHECK OPTION;
          CREATE VIEW options_c AS SELECT pages FROM options WHERE pages > 0 WITH LOCAL CHECK OPTION`,
  },
  defaults: {
    kind: "defaults of a view's columns",
    sql: `CREATE VIEW defaults_v AS SELECT id, pages, title FROM defaults; ALTER VIEW defaults_v ALTER pages SET DEFAULT 7;
          ALTER VIEW defaults_v ALTER title SET DEFAULT 'it''s'`,
  },
  triggers: {
    kind: 'INSTEAD OF and statement triggers',
    sql: `CREATE VIEW triggers_v AS SELECT id, pages FROM triggers;
          CREATE TRIGGER b INSTEAD OF INSERT OR DELETE ON triggers_v FOR EACH ROW EXECUTE FUNCTION ignore('a', 'b''c');
          CREATE TRIGGER a INSTEAD OF UPDATE ON triggers_v FOR EACH ROW EXECUTE FUNCTION ignore();
          CREATE TRIGGER c AFTER INSERT ON triggers_v FOR EACH STATEMENT EXECUTE FUNCTION ignore()`,
  },
  rules: {
    kind: 'rules of a view, of a local table, and between views',
    sql: `CREATE TABLE rules_log (n bigint); CREATE VIEW rules_v AS SELECT id, pages FROM rules;
          CREATE VIEW rules_w AS SELECT pages FROM rules;
          CREATE RULE audit AS ON INSERT TO rules_v DO INSTEAD INSERT INTO rules_log VALUES (new.pages);
          CREATE RULE over AS ON UPDATE TO rules_v DO INSTEAD UPDATE rules_w SET pages = new.pages;
          CREATE RULE count AS ON DELETE TO rules_log DO ALSO SELECT count(pages) FROM rules;
          CREATE RULE off AS ON UPDATE TO rules_log DO ALSO SELECT pages FROM rules_v; COMMENT ON RULE off ON rules_log IS 'off';
          ALTER TABLE rules_log DISABLE RULE off; ALTER TABLE rules_log ENABLE ALWAYS RULE count`,
  },
  on_table: {
    kind: 'triggers on the foreign table that name the column',
    sql: `CREATE TRIGGER a BEFORE UPDATE OF pages ON on_table FOR EACH ROW EXECUTE FUNCTION ignore();
          CREATE TRIGGER b AFTER UPDATE ON on_table FOR EACH ROW WHEN (old.pages > 3) EXECUTE FUNCTION ignore();
          CREATE TRIGGER c AFTER INSERT ON on_table FOR EACH ROW EXECUTE FUNCTION ignore();
          COMMENT ON TRIGGER b ON on_table IS 'long ones'; ALTER FOREIGN TABLE on_table DISABLE TRIGGER a;
          ALTER FOREIGN TABLE on_table ENABLE REPLICA TRIGGER b`,
  },
  union: {
    kind: 'a view over several tenants and shards',
    sql: `CREATE VIEW union_all AS SELECT 'c' AS tenant, pages FROM "union" UNION ALL SELECT 'd', pages FROM dunder_mifflin."union"
          UNION ALL SELECT 'i', pages FROM initech."union"`,
  },
  whole: {
    kind: "views over a view's row type",
    sql: `CREATE VIEW whole_a AS SELECT id, pages FROM whole; CREATE VIEW whole_b AS SELECT a, (a).pages AS p FROM whole_a a;
          CREATE VIEW whole_c AS SELECT w FROM whole w`,
  },
  recursive: {
    kind: 'a recursive view, a window, a lateral join',
    sql: `CREATE RECURSIVE VIEW recursive_r (n) AS SELECT min(pages) FROM recursive UNION SELECT n + 1 FROM recursive_r WHERE n < 3;
          CREATE VIEW recursive_w AS SELECT sum(pages) OVER (PARTITION BY id ORDER BY title) FROM recursive
            CROSS JOIN LATERAL generate_series(1, id) AS g ORDER BY 1 LIMIT 3`,
  },
  hostile: {
    kind: 'hostile names',
    sql: `CREATE VIEW "hostile ""v"".; --" AS SELECT id, pages AS "O'Brien ""x""; drop table y --" FROM hostile;
          COMMENT ON COLUMN "hostile ""v"".; --"."O'Brien ""x""; drop table y --" IS '''';
          CREATE RULE "r""1" AS ON DELETE TO "hostile ""v"".; --" DO INSTEAD NOTHING`,
  },
  elsewhere: {
    kind: 'a view in a schema of its own, without grants',
    sql: `CREATE VIEW reporting.elsewhere_v AS SELECT pages FROM elsewhere`,
  },
};

const s = scenario({ shared: true });
const words = Object.keys(KINDS);
const before = new Map<string, readonly Hanging[]>();
let report: UpReport;

beforeAll(async () => {
  const tables = words.map(
    (word) =>
      `CREATE TABLE "${word}" (id int PRIMARY KEY, title text, pages int); INSERT INTO "${word}" VALUES (1, 'Emma', 474)`,
  );
  await s.start(tables.join(';'));
  for (const role of ['dep_writer', 'dep_reader', 'dep_stranger'])
    await s.fleet.query('veneer', `DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role}`, 'superuser');
  await s.fleet.query('veneer', 'GRANT dep_writer, dep_reader TO veneer_admin', 'superuser');
  await s.fleet.query(
    'veneer',
    `CREATE SCHEMA reporting; GRANT ALL ON SCHEMA cyberdyne TO dep_writer; GRANT USAGE ON SCHEMA cyberdyne TO dep_reader;
     CREATE FUNCTION cyberdyne.ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`,
  );
  for (const { sql, by = 'admin' } of Object.values(KINDS))
    await s.fleet.query('veneer', `SET search_path TO cyberdyne; ${sql}`, by);
  for (const word of words) before.set(word, await hangingOn(s.fleet, word));
  report = await s.migrate(words.map((word) => `ALTER TABLE "${word}" ALTER pages TYPE bigint`).join(';'));
}, 60_000);

test.each(words.map((word) => [KINDS[word]?.kind, word]))(
  '%s survives a type change below it',
  async (_, word = '') => {
    const was = before.get(word) ?? [];
    expect(was.length).toBeGreaterThan(0);
    expect(await hangingOn(s.fleet, word)).toEqual(was);
    expect(await s.fleet.query('veneer', `SELECT pages FROM cyberdyne."${word}"`)).toEqual([
      { pages: '474' },
    ]);
  },
);

test('what was put aside and restored stands among the statements of the step, views from the top down', () => {
  const shard2 = report.shards.find(({ shard }) => shard === 'shard2');
  const statements = shard2?.steps[0]?.veneerStatements['veneer'] ?? [];
  const tree = statements.filter(
    (sql) => /^(CREATE|DROP) VIEW "cyberdyne"\."tree_|TYPE/.test(sql) && sql.includes('"cyberdyne"."tree'),
  );
  expect(tree.map((sql) => sql.split(' ', 3).join(' '))).toEqual([
    ...['a', 'c', 'b', 'z'].map((view) => `DROP VIEW "cyberdyne"."tree_${view}"`),
    'ALTER FOREIGN TABLE',
    ...['z', 'b', 'c', 'a'].map((view) => `CREATE VIEW "cyberdyne"."tree_${view}"`),
  ]);
  expect(statements.join(' ')).not.toContain('CASCADE');
});

test('everything still reads, and the veneer is what IMPORT would make of the shards', async () => {
  expect(await s.fleet.query('veneer', 'SELECT pages FROM cyberdyne.tree_a')).toEqual([{ pages: '474' }]);
  expect(await s.fleet.query('veneer', 'SELECT count(*)::int AS n FROM cyberdyne.union_all')).toEqual([
    { n: 3 },
  ]);
  await assertLikeImport(s.fleet, ['rules_log']);
  // What `grants` took from the application is told; nothing else is.
  expect((await s.run.status()).drift.filter(({ kind }) => kind !== 'privileges')).toEqual([]);
});

test('who could not read through a view, or below it, still cannot', async () => {
  const as = (role: string, sql: string): Promise<Record<string, unknown>[]> =>
    s.fleet.query('veneer', `SET ROLE ${role}; ${sql}`, 'superuser');
  const denied = { code: '42501' };
  await as('veneer_app', 'SELECT id FROM cyberdyne.grants_v'); // granted to PUBLIC, on and on
  await expect(as('veneer_app', 'DELETE FROM cyberdyne.grants_v')).rejects.toMatchObject(denied);
  await expect(as('veneer_app', 'SELECT FROM reporting.elsewhere_v')).rejects.toMatchObject(denied);
  // The invoker's rights, not the owner's: dep_reader was given the view alone.
  await s.fleet.query('veneer', 'GRANT SELECT ON cyberdyne.options_a, cyberdyne.options_b TO dep_reader');
  await expect(as('dep_reader', 'SELECT FROM cyberdyne.options_a')).rejects.toMatchObject(denied);
});
