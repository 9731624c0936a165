import { expect, test } from '@jest/globals';
import type { Problem } from '../../src/errors.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

/** Enough to come to the statement that never ends, on a machine that has a lot to do. */
const HOLD_MS = 3_000;

const USED_UP: Partial<Problem> = {
  message: `the step held its locks for ${HOLD_MS} ms, all that rollout.lock_hold allows`,
  hint: 'raise rollout.lock_hold, or split the migration',
};

const FOREVER = 'SELECT pg_sleep(3600)';

/** A fleet with a table, and that budget from then on. */
async function start(): Promise<void> {
  await s.start('CREATE TABLE books (id int)');
  const yaml = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(yaml.replace('lock_hold: 30s', `lock_hold: ${HOLD_MS}ms`));
}

const LEFT = `
  SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
  UNION ALL
  SELECT l.mode FROM pg_locks l JOIN pg_database d ON d.oid = l.database
   WHERE d.datname = current_database() AND l.relation IN (SELECT oid FROM pg_class WHERE relname = 'books')`;

/** Nothing is prepared, or locked, and what the migration is without the sleep goes through. */
async function expectNothingLeft(file: string, sql: string): Promise<void> {
  for (const { name } of s.fleet.servers) expect(await s.fleet.query(name, LEFT)).toEqual([]);
  expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [] });
  await s.fleet.writeMigration(file, sql);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await assertLikeImport(s.fleet);
}

test('a statement of a shard that uses lock_hold up is named, and nothing of the step stays', async () => {
  await start();
  const file = '0002_slow.sql';
  await s.fleet.writeMigration(file, `ALTER TABLE books ADD COLUMN title text;\n${FOREVER}`);
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report).toMatchObject({
    exitCode: 20,
    shards: [{ state: 'failed', steps: [{ attempts: 1, state: 'failed' }] }],
  });
  expect(report.problems).toMatchObject([
    {
      ...USED_UP,
      detail: `statement: ${FOREVER}`,
      where: {
        member: 'shard1',
        tenant: 'bluth_co',
        migration: '0002_slow',
        file: `migrations/${file}`,
        line: 2,
      },
    },
  ]);
  await expectNothingLeft(file, 'ALTER TABLE books ADD COLUMN title text');
});

/** On the veneer something of somebody else's makes our own statement last: a lock, or a change. */
const SLOW = [
  {
    name: 'locks a foreign table',
    sql: 'ALTER TABLE books ADD COLUMN title text',
    when: 'true',
    statement: /^statement: ALTER FOREIGN TABLE "bluth_co"."books" OWNER TO/,
  },
  {
    name: 'changes a foreign table',
    sql: 'ALTER TABLE books ADD COLUMN title text',
    when: `EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attname = 'title')`,
    statement: /^statement: ALTER FOREIGN TABLE "bluth_co"."books" ADD COLUMN "title" text/,
  },
  {
    name: 'locks a view',
    sql: 'ALTER TABLE books ALTER COLUMN id TYPE bigint',
    when: `tg_tag = 'ALTER VIEW'`,
    statement: /^statement: ALTER VIEW "public"."ids" OWNER TO/,
  },
];

test.each(SLOW)(
  'a statement of the veneer that $name and uses lock_hold up is named, and nothing of the step stays',
  async ({ sql, when, statement }) => {
    await start();
    await s.fleet.query(
      'veneer',
      `CREATE VIEW public.ids AS SELECT id FROM bluth_co.books;
       CREATE FUNCTION public.sleep() RETURNS event_trigger LANGUAGE plpgsql AS
         $$ BEGIN IF ${when} THEN PERFORM pg_sleep(3600); END IF; END $$`,
    );
    await s.fleet.query(
      'veneer',
      `CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER FOREIGN TABLE', 'ALTER VIEW')
         EXECUTE FUNCTION public.sleep()`,
      'superuser',
    );
    const file = `${await s.write(sql)}.sql`;
    const report = await s.run.up({ shards: ['shard1'] });
    expect(report).toMatchObject({ exitCode: 20, shards: [{ steps: [{ attempts: 1 }] }] });
    expect(report.problems).toMatchObject([
      { ...USED_UP, where: { member: 'veneer' }, detail: expect.stringMatching(statement) },
    ]);
    await s.fleet.query('veneer', 'DROP EVENT TRIGGER slow', 'superuser');
    await expectNothingLeft(file, sql);
  },
);

test('so is one of a migration of the veneers', async () => {
  await start();
  const file = 'veneer/0002_slow.sql';
  await s.fleet.writeMigration(file, `CREATE VIEW all_books AS SELECT FROM bluth_co.books;\n${FOREVER}`);
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed', attempts: 1 }] });
  expect(report.problems).toMatchObject([
    {
      ...USED_UP,
      detail: `statement: ${FOREVER}`,
      where: { member: 'veneer', file: `migrations/${file}`, line: 2 },
    },
  ]);
  await expectNothingLeft(file, 'CREATE VIEW all_books AS SELECT FROM bluth_co.books');
});

test('with skip-tenant nobody is skipped for it: it is no failure of that tenant', async () => {
  await start();
  const yaml = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(yaml.replace('lock_hold: 30s', `lock_hold: ${HOLD_MS}ms, on_error: skip-tenant`));
  await s.write(FOREVER);
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({
    exitCode: 20,
    shards: [{ state: 'failed', skipped: [], steps: [{ attempts: 1 }] }],
    problems: [{ ...USED_UP, where: { member: 'shard2', tenant: 'cyberdyne' } }],
  });
});
