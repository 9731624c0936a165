import { beforeAll, expect, test } from '@jest/globals';
import { startRun } from '../support/crash-run.js';
import { preparedIn } from '../support/leave-attempt.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { RUNNERS_WITH_LOCK } from '../support/sessions.js';
import { untilNone } from '../support/until.js';

const s = scenario({ shared: true });

const SHARDS = ['shard1', 'shard2', 'shard3'];
let label = 0;

/** shard1 and shard3 show the type; each migration renames its label, and counts itself. */
beforeAll(async () => {
  for (const shard of SHARDS)
    await s.fleet.query(
      shard,
      `CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('m0'); CREATE TABLE shared.counter AS SELECT 0 AS n`,
    );
  await s.start(`CREATE TABLE books (id int); DO $$ BEGIN IF current_setting('pgveneer.shard') <> 'shard2' THEN
    ALTER TABLE books ADD COLUMN felt shared.mood; INSERT INTO books VALUES (1, 'm0'); END IF; END $$`);
});

test.each([
  'after statements:shard1#1',
  'after statements:shard3#1',
  'before intent#1',
  'after intent#1',
  'after prepare:shard3#1',
  'after prepare:veneer#1',
  'before commit prepared:shard1#1',
  'after commit prepared:shard1#1',
  'before commit prepared:veneer#1',
  'after commit prepared:veneer#1',
  'before close#1',
])('a step over shards that share a type, killed %s: up brings it to all of them, once', async (dieAt) => {
  await s.fleet.writeMigration(
    `shard/${String(++label + 1).padStart(4, '0')}_label.sql`,
    `ALTER TYPE shared.mood RENAME VALUE 'm${label - 1}' TO 'm${label}'; UPDATE shared.counter SET n = n + 1`,
  );
  const killed = startRun(s.fleet.dir, { command: 'up', dieAt });
  expect(await killed.result).toMatchObject({ signal: 'SIGKILL' });
  await untilNone(s.fleet, 'veneer', RUNNERS_WITH_LOCK);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  for (const shard of SHARDS) {
    const state = `SELECT n, (SELECT count(*)::int FROM pgveneer.ledger WHERE migration LIKE '%_label') AS applied,
                          (SELECT count(*)::int FROM pgveneer.step) AS evidence FROM shared.counter`;
    expect(await s.fleet.query(shard, state)).toEqual([{ n: label, applied: label, evidence: 0 }]);
  }
  expect(await preparedIn(s.fleet)).toEqual([]);
  const felt = { felt: `m${label}` };
  const read = 'SELECT felt::text FROM bluth_co.books UNION ALL SELECT felt::text FROM initech.books';
  expect(await s.fleet.query('veneer', read, 'app')).toEqual([felt, felt]);
  const status = await s.run.status();
  expect(status).toMatchObject({ inDoubt: [], problems: [] });
  expect(veneerDrift(status)).toEqual([]);
  await assertLikeImport(s.fleet);
});
