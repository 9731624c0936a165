import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { killedAt } from '../support/killed-at.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { expectClean } from '../support/outcomes.js';

const s = scenario({
  config: (fleet) => `${bookstoreYaml(fleet)}
expose:
  - { from: "{schema}.{table}", as: "{tenant}.{table}", union: "everyone.{table}" }
`,
});

const FIRST = `CREATE TYPE mood AS ENUM ('good', 'bad');
  CREATE TABLE books (id int, title text, mood mood);
  INSERT INTO books VALUES (1, 'by ' || current_setting('pgveneer.tenant'), 'bad')`;

const onVeneer = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql);

/** As the application's role reads it: with its own user mappings and grants. */
const asked = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql, 'app');

const columns = async (view = 'everyone.books'): Promise<unknown[]> =>
  (
    await onVeneer(
      `SELECT attname || ' ' || format_type(atttypid, atttypmod) AS c FROM pg_attribute
        WHERE attrelid = to_regclass('${view}') AND attnum > 0 ORDER BY attnum`,
    )
  ).map(({ c }) => c);

const TENANTS = ['bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech'];

const migrate = async (sql: string): Promise<void> => {
  await s.write(sql);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await expectClean(s.run);
};

test('a view over all tenants shows the rows of each, to whom the role may see, and a type of one’s own as text', async () => {
  await s.start(FIRST);
  expect(await columns()).toEqual(['tenant text', 'id integer', 'title text', 'mood text']);
  expect(await asked('SELECT * FROM everyone.books ORDER BY tenant')).toEqual(
    TENANTS.map((tenant) => ({ tenant, id: 1, title: `by ${tenant}`, mood: 'bad' })),
  );
  await onVeneer('REVOKE SELECT ON initech.books FROM veneer_app');
  await expect(asked('SELECT * FROM everyone.books')).rejects.toThrow(
    'permission denied for foreign table books',
  );
});

test('a column that is added comes with the last shard, and what stands over the view stays', async () => {
  await s.start(FIRST);
  await onVeneer(
    `CREATE MATERIALIZED VIEW everyone.counts AS SELECT tenant, count(*)::int AS n FROM everyone.books GROUP BY 1`,
  );
  await s.write('ALTER TABLE books ADD COLUMN pages int DEFAULT 7');
  expect(await s.run.up({ shards: ['shard1', 'shard2'] })).toMatchObject({ exitCode: 0 });
  expect(await columns()).toEqual(['tenant text', 'id integer', 'title text', 'mood text']);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual(['tenant text', 'id integer', 'title text', 'mood text', 'pages integer']);
  expect(await asked('SELECT sum(pages)::int AS pages FROM everyone.books')).toEqual([{ pages: 28 }]);
  expect(await onVeneer('SELECT count(*)::int AS n FROM everyone.counts')).toEqual([{ n: 4 }]);
  await expectClean(s.run);
});

test('a column that is dropped, renamed or gets another type goes through, with views, grants and comments over it kept', async () => {
  await s.start(FIRST);
  await onVeneer(`CREATE VIEW everyone.titles WITH (security_barrier = true) AS SELECT tenant, title FROM everyone.books;
    COMMENT ON VIEW everyone.books IS 'all of them'; COMMENT ON COLUMN everyone.books.title IS 'a name';
    GRANT SELECT ON everyone.titles TO veneer_app`);
  await migrate('ALTER TABLE books DROP COLUMN mood');
  expect(await columns()).toEqual(['tenant text', 'id integer', 'title text']);
  await migrate('ALTER TABLE books ALTER id TYPE bigint');
  expect(await columns()).toEqual(['tenant text', 'id bigint', 'title text']);
  await migrate('ALTER TABLE books RENAME COLUMN id TO number');
  expect(await columns()).toEqual(['tenant text', 'title text', 'number bigint']);
  expect(await asked('SELECT count(*)::int AS n FROM everyone.titles')).toEqual([{ n: 4 }]);
  expect(
    await onVeneer(`SELECT obj_description('everyone.books'::regclass) AS a, col_description('everyone.books'::regclass, 2) AS b,
      (SELECT reloptions::text FROM pg_class WHERE oid = 'everyone.titles'::regclass) AS c`),
  ).toEqual([{ a: 'all of them', b: 'a name', c: '{security_barrier=true}' }]);
  await s.write('DROP TABLE books');
  expect((await s.run.up({ shards: ['shard1'] })).exitCode).toBe(0);
  expect((await s.run.up({ shards: ['shard2'] })).exitCode).toBe(0);
  expect((await s.run.up()).problems[0]?.message).toMatch(/everyone\.titles cannot be made again/);
});

test('while shards differ in a type, the view shows what all have in common and never a cast that sorts otherwise', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books ALTER id TYPE numeric(10, 2), ALTER title TYPE int USING 5');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual(['tenant text', 'id numeric', 'mood text']);
  expect(await asked('SELECT tenant FROM everyone.books WHERE id = 1 ORDER BY 1')).toHaveLength(4);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual(['tenant text', 'id numeric(10,2)', 'mood text', 'title integer']);
  await expectClean(s.run);
});

test('what reads a column that goes refuses the step by name, and nothing has changed anywhere', async () => {
  await s.start(FIRST);
  await onVeneer('CREATE VIEW everyone.titles AS SELECT title FROM everyone.books');
  await s.write('ALTER TABLE books DROP COLUMN title');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'veneer' } }] });
  expect(report.problems[0]?.message).toMatch(
    /everyone\.titles cannot be made again over the changed tables: .*title/,
  );
  expect(await columns()).toEqual(['tenant text', 'id integer', 'title text', 'mood text']);
  await assertLikeImport(s.fleet);
});

test('tenants that come and go are branches in the step that makes or drops them', async () => {
  await s.start(FIRST);
  const tenant = { shard: 'shard2', dryRun: false };
  expect(await s.run.tenant({ action: 'add', names: ['hooli', 'acme'], ...tenant })).toMatchObject({
    exitCode: 0,
  });
  expect(await asked('SELECT tenant FROM everyone.books ORDER BY 1')).toEqual(
    ['acme', ...TENANTS.slice(0, 3), 'hooli', 'initech'].map((name) => ({ tenant: name })),
  );
  await expectClean(s.run);
  expect(
    await s.run.tenant({ action: 'drop', name: 'cyberdyne', yes: true, ...tenant, shard: null }),
  ).toMatchObject({ problems: [], exitCode: 0 });
  expect(await asked('SELECT count(DISTINCT tenant)::int AS n FROM everyone.books')).toEqual([{ n: 5 }]);
  await expectClean(s.run);
});

test('the last table takes the view along, and the first brings it back', async () => {
  await s.start(FIRST);
  await migrate('DROP TABLE books');
  expect(await columns()).toEqual([]);
  await migrate('CREATE TABLE books (id int)');
  expect(await columns()).toEqual(['tenant text', 'id integer']);
});

test('a table that is renamed is a branch of another view, shard by shard', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books RENAME TO volumes');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await asked('SELECT tenant FROM everyone.volumes')).toEqual([{ tenant: 'bluth_co' }]);
  expect(await asked('SELECT tenant FROM everyone.books ORDER BY 1')).toEqual(
    TENANTS.slice(1).map((tenant) => ({ tenant })),
  );
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual([]);
  expect(await asked('SELECT tenant FROM everyone.volumes ORDER BY 1')).toEqual(
    TENANTS.map((tenant) => ({ tenant })),
  );
  await expectClean(s.run);
});

test('lock-step replays it, and plan, rehearse and sync --dry-run say it', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books DROP COLUMN mood, ADD COLUMN pages int');
  const report = await s.run.up({ protocol: 'lock-step' });
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(JSON.stringify(report.shards)).toMatch(/CREATE VIEW \\"everyone\\".\\"books\\" WITH/);
  await expectClean(s.run);
  await onVeneer('DROP VIEW everyone.books');
  const [veneer] = (await s.run.sync({ dryRun: true })).veneers;
  expect(veneer?.statements).toEqual([expect.stringMatching(/^CREATE VIEW "everyone"."books"/)]);
});

test.each([
  ['is missing', 'DROP VIEW everyone.books', 'error'],
  [
    'leaves out dunder_mifflin, initech',
    `CREATE OR REPLACE VIEW everyone.books WITH (security_invoker = true) AS
       SELECT 'bluth_co'::text AS tenant, t.id, t.title, t.mood::text AS mood FROM bluth_co.books t UNION ALL
       SELECT 'cyberdyne'::text, t.id, t.title, t.mood::text FROM cyberdyne.books t`,
    'wrong answers',
  ],
  [
    'was changed by hand',
    `CREATE OR REPLACE VIEW everyone.books AS SELECT 'bluth_co'::text AS tenant, id, title, mood::text FROM bluth_co.books WHERE id > 1`,
    'wrong answers',
  ],
  ['reads as its owner', 'ALTER VIEW everyone.books SET (security_invoker = false)', 'wrong answers'],
])('status tells that the view %s, and sync repairs it', async (text, sql, grade) => {
  await s.start(FIRST);
  await onVeneer(sql);
  const { drift } = await s.run.status();
  expect(drift).toMatchObject([
    { kind: 'union view', grade, object: 'everyone.books', cure: 'migrate sync' },
  ]);
  expect(drift[0]?.text).toContain(text);
  expect(await s.run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await asked('SELECT count(*)::int AS n FROM everyone.books')).toEqual([{ n: 4 }]);
  await expectClean(s.run);
});

test('something else under the name of the view is told, and left alone', async () => {
  await s.start(FIRST);
  await onVeneer('DROP VIEW everyone.books; CREATE TABLE everyone.books (id int)');
  expect(await s.run.status()).toMatchObject({ drift: [{ kind: 'name taken', object: 'everyone.books' }] });
  expect(await s.run.sync()).toMatchObject({ exitCode: 20 });
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  expect((await s.run.up()).problems[0]?.message).toMatch(/everyone.books exists on veneer already/);
});

test('readers of the view wait for a step on all shards side by side, and none of them fails', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books ADD COLUMN pages int DEFAULT 7');
  await s.write('ALTER TABLE books DROP COLUMN mood');
  await s.write('ALTER TABLE books ALTER id TYPE bigint');
  const over = new AbortController();
  const answers: unknown[] = [];
  const read = async (sql: string): Promise<void> => {
    const client = await s.fleet.connect('veneer', 'app');
    while (!over.signal.aborted) answers.push((await client.query(sql)).rows);
  };
  const readers = [
    'SELECT count(*)::int AS n FROM everyone.books',
    'SELECT count(*)::int AS n FROM (SELECT * FROM everyone.books) AS b',
    "SELECT count(*)::int + 3 AS n FROM everyone.books WHERE tenant = 'cyberdyne'",
  ].map(read);
  const report = await s.run.up();
  over.abort();
  await Promise.all(readers);
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(new Set(answers.map((rows) => JSON.stringify(rows)))).toEqual(new Set(['[{"n":4}]']));
  await expectClean(s.run);
});

test.each(['two-phase', 'lock-step'])(
  'a runner that dies between the commits of %s leaves it to the next',
  async (protocol) => {
    await s.start(FIRST);
    await s.write('ALTER TABLE books DROP COLUMN mood, ADD COLUMN pages int');
    const point = protocol === 'two-phase' ? 'before commit prepared:veneer' : 'before commit:veneer';
    await killedAt(s.fleet, ['up', `--protocol=${protocol}`], point);
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await columns()).toEqual(['tenant text', 'id integer', 'title text', 'pages integer']);
    await expectClean(s.run);
  },
);

test('a rehearsed plan is carried out, though the view is another one at each shard', async () => {
  await s.start(FIRST);
  await s.write('ALTER TABLE books DROP COLUMN mood, ADD COLUMN pages int');
  await s.write(`ALTER TYPE mood ADD VALUE 'odd' BEFORE 'bad'; ALTER TABLE books ALTER id TYPE bigint`);
  const plan = `${s.fleet.dir}/reviewed.json`;
  expect(await s.run.rehearse({ out: plan })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up({ plan })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await columns()).toEqual(['tenant text', 'id bigint', 'title text', 'pages integer']);
  await expectClean(s.run);
});

test('so it is where the view is put aside for a type that it shows', async () => {
  await s.start(
    'CREATE TYPE span AS RANGE (subtype = int); CREATE TABLE books (id int, span span, mood int)',
  );
  await s.write('ALTER TABLE books DROP COLUMN mood, ADD COLUMN pages int');
  await s.write(`ALTER TABLE books ALTER span TYPE text; DROP TYPE span;
    CREATE TYPE span AS RANGE (subtype = bigint); ALTER TABLE books ALTER span TYPE span USING span::span`);
  const plan = `${s.fleet.dir}/reviewed.json`;
  expect(await s.run.rehearse({ out: plan })).toMatchObject({ problems: [], exitCode: 0 });
  expect(await s.run.up({ plan })).toMatchObject({ problems: [], exitCode: 0 });
  await expectClean(s.run);
});

test('what merely names the view is held against the rehearsed plan like anything else', async () => {
  await s.start(FIRST);
  const describe = (tenant: string, words: string): Promise<unknown> =>
    onVeneer(`COMMENT ON VIEW ${tenant}.titles IS 'with others'' in "everyone"."books"${words}'`);
  for (const tenant of TENANTS) {
    await onVeneer(`CREATE VIEW ${tenant}.titles AS SELECT id, title FROM ${tenant}.books`);
    await describe(tenant, '');
  }
  await s.write('ALTER TABLE books ALTER id TYPE bigint');
  const plan = `${s.fleet.dir}/reviewed.json`;
  expect(await s.run.rehearse({ out: plan })).toMatchObject({ problems: [], exitCode: 0 });
  await describe('bluth_co', ', too');
  const report = await s.run.up({ plan });
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate rehearse' });
  expect(report.problems[0]?.detail).toMatch(/^not rehearsed: COMMENT ON VIEW .*"everyone"."books", too'$/m);
  await describe('bluth_co', '');
  expect(await s.run.up({ plan })).toMatchObject({ problems: [], exitCode: 0 });
  await expectClean(s.run);
});
