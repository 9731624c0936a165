import { expect, test } from '@jest/globals';
import { startRun } from '../support/crash-run.js';
import { scenario } from '../support/scenario.js';
import { RUNNERS_WITH_LOCK } from '../support/sessions.js';
import { untilNone } from '../support/until.js';

const s = scenario();

test('a runner that dies with a step prepared, after a migration made a temporary table, leaves nobody waiting', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.write('CREATE TEMP TABLE scratch (id int); INSERT INTO books SELECT id FROM scratch');
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  const died = startRun(s.fleet.dir, { command: 'up', dieAt: 'after prepare:shard2#1' });
  expect(await died.result).toMatchObject({ signal: 'SIGKILL' });
  await untilNone(s.fleet, 'veneer', RUNNERS_WITH_LOCK);
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [], inDoubt: [] });
});

test('nor where a migration without a transaction made one', async () => {
  await s.start(`
    CREATE TABLE books (id int PRIMARY KEY, n int);
    INSERT INTO books VALUES (1);
    CREATE FUNCTION keep(int) RETURNS int LANGUAGE plpgsql
      AS 'BEGIN CREATE TEMP TABLE IF NOT EXISTS scratch (id int); RETURN $1; END'`);
  await s.fleet.writeMigration(
    '0002_fill.ts',
    `import { backfill } from 'pg-veneer';
     export const up = (pgm) => backfill(pgm, { table: 'books', set: { n: 'keep(id)' }, batch: 10 });
     export const down = false;`,
  );
  await s.fleet.writeMigration('0003_pages.sql', 'ALTER TABLE books ADD COLUMN pages int');
  const died = startRun(s.fleet.dir, { command: 'up', dieAt: 'after prepare:shard2#1' });
  expect(await died.result).toMatchObject({ signal: 'SIGKILL' });
  await untilNone(s.fleet, 'veneer', RUNNERS_WITH_LOCK);
  expect(await s.run.recover()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
});
