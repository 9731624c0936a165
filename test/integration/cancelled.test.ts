import { expect, test } from '@jest/globals';
import type { Problem } from '../../src/errors.js';
import { untilSome } from '../support/until.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const FOREVER = 'SELECT pg_sleep(3600)';

/** Cancels what sleeps on a member, as an administrator may do. */
const cancelSleep = (member: string): Promise<void> =>
  untilSome(
    s.fleet,
    member,
    `SELECT pg_cancel_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND wait_event = 'PgSleep'`,
  );

/** Where a migration's second line stands, on the first shard. */
const onLine2 = (file: string): Problem['where'] => ({
  member: 'shard1',
  tenant: 'bluth_co',
  migration: file.replace('.sql', ''),
  file: `migrations/${file}`,
  line: 2,
});

const CANCELLED: Partial<Problem> = {
  message: 'canceling statement due to user request',
  sqlstate: '57014',
};
const TIMED_OUT: Partial<Problem> = {
  message: 'canceling statement due to statement timeout',
  sqlstate: '57014',
};

test("a statement that a migration's own statement_timeout ended is told as that, in PostgreSQL's words", async () => {
  await s.start('CREATE TABLE books (id int)');
  const file = `${await s.write(`SET LOCAL statement_timeout = '200ms';\n${FOREVER}`)}.sql`;
  const report = await s.run.up({ shards: ['shard1'] });
  expect(report).toMatchObject({ exitCode: 20, shards: [{ steps: [{ state: 'failed', attempts: 1 }] }] });
  expect(report.problems).toEqual([
    expect.objectContaining({ ...TIMED_OUT, where: onLine2(file), detail: `statement: ${FOREVER}` }),
  ]);
});

test('so is one that somebody cancelled, on a shard', async () => {
  await s.start('CREATE TABLE books (id int)');
  const file = `${await s.write(`ALTER TABLE books ADD COLUMN title text;\n${FOREVER}`)}.sql`;
  const [report] = await Promise.all([s.run.up({ shards: ['shard1'] }), cancelSleep('shard1')]);
  expect(report).toMatchObject({ exitCode: 20, shards: [{ steps: [{ state: 'failed', attempts: 1 }] }] });
  expect(report.problems).toEqual([
    expect.objectContaining({ ...CANCELLED, where: onLine2(file), detail: `statement: ${FOREVER}` }),
  ]);
});

test('and on a veneer', async () => {
  await s.start('CREATE TABLE books (id int)');
  const file = 'veneer/0002_slow.sql';
  await s.fleet.writeMigration(file, FOREVER);
  const [report] = await Promise.all([s.run.up(), cancelSleep('veneer')]);
  expect(report).toMatchObject({ exitCode: 20, veneerSteps: [{ state: 'failed', attempts: 1 }] });
  expect(report.problems).toMatchObject([
    {
      ...CANCELLED,
      where: { member: 'veneer', file: `migrations/${file}` },
      detail: `statement: ${FOREVER}`,
    },
  ]);
});

test('a tenant for which the search for all that fail has no time left is none of them', async () => {
  await s.start('CREATE TABLE books (id int)');
  const yaml = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(yaml.replace('lock_hold: 30s', 'lock_hold: 2s'));
  await s.write(
    `DO $$ BEGIN
       IF current_schema() = 'cyberdyne' THEN RAISE 'not here'; END IF;
       PERFORM pg_sleep(3600);
     END $$`,
  );
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report.exitCode).toBe(20);
  expect(report.problems).toMatchObject([{ message: 'not here', where: { tenant: 'cyberdyne' } }]);
  expect(JSON.stringify(report.problems)).not.toContain('dunder_mifflin');
});

/** A batch never comes to its end. */
const SLOW_BOOKS = `
  CREATE TABLE books (id int PRIMARY KEY, n int); INSERT INTO books VALUES (1, 0);
  CREATE FUNCTION sleep() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(3600); RETURN NEW; END $$;
  CREATE TRIGGER slow BEFORE UPDATE ON books FOR EACH ROW EXECUTE FUNCTION sleep()`;

const writeFill = (before = ''): Promise<void> =>
  s.fleet.writeMigration(
    '0002_fill.ts',
    `import { backfill } from 'pg-veneer';
     export const up = (pgm) => { ${before} backfill(pgm, { table: 'books', set: { n: '1' } }); };
     export const down = false;`,
  );

test("a batch of a backfill that somebody cancelled, or the migration's own statement_timeout, is told as that", async () => {
  await s.start(SLOW_BOOKS);
  await writeFill();
  const [cancelled] = await Promise.all([s.run.up({ shards: ['shard1'] }), cancelSleep('shard1')]);
  expect(cancelled).toMatchObject({
    exitCode: 20,
    problems: [{ ...CANCELLED, where: { tenant: 'bluth_co' } }],
  });
  await writeFill(`pgm.sql("SET statement_timeout = '200ms'");`);
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({
    exitCode: 20,
    problems: [{ ...TIMED_OUT, where: { tenant: 'bluth_co' } }],
  });
});

test('a batch that lock_hold ended is told as too long', async () => {
  await s.start(SLOW_BOOKS);
  const yaml = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(yaml.replace('lock_hold: 30s', 'lock_hold: 500ms'));
  await writeFill();
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({
    exitCode: 20,
    problems: [{ message: 'backfill: a batch took longer than rollout.lock_hold (500 ms)' }],
  });
});
