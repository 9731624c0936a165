import { readFile, rm } from 'node:fs/promises';
import { expect } from '@jest/globals';
import type { Commands } from './commands.js';
import { occurrences } from './occurrences.js';
import { runCli, type CliResult } from './run-cli.js';
import type { TestFleet } from './test-fleet.js';

/** The shard that the crashes happen on: two tenants, so that a batch has a middle. */
export const TENANTS = ['cyberdyne', 'dunder_mifflin'] as const;
const MEMBERS = ['veneer', 'shard2'] as const;

/** A fleet that is crashed again and again; every round adds migrations of its own. */
export interface CrashFleet {
  readonly fleet: TestFleet;
  readonly run: Commands;
  round: number;
}

export async function startCrashing(fleet: TestFleet, run: Commands): Promise<CrashFleet> {
  await run.setup();
  await fleet.writeMigration(
    '0_counter.sql',
    'CREATE TABLE counter (n int NOT NULL); INSERT INTO counter VALUES (0);',
  );
  expect(await run.up({ shards: ['shard2'] })).toMatchObject({ exitCode: 0 });
  return { fleet, run, round: 0 };
}

/**
 * One round's migrations: a table is made, a column renamed and one added, rows
 * counted (a step of one server).
 */
export async function nextRound(crash: CrashFleet): Promise<void> {
  const round = ++crash.round;
  const files = {
    [`${round}1_create.sql`]: `CREATE TABLE t_${round} (id int PRIMARY KEY, a text); INSERT INTO t_${round} VALUES (1, 'one');`,
    [`${round}2_rename.sql`]: `ALTER TABLE t_${round} RENAME COLUMN a TO b; ALTER TABLE t_${round} ADD COLUMN c int;`,
    [`${round}3_count.sql`]: `UPDATE counter SET n = n + 1; CREATE INDEX ON t_${round} (b);`,
  };
  for (const [file, text] of Object.entries(files)) await crash.fleet.writeMigration(file, text);
}

/** Runs `up` on shard2 as a process of its own, with nobody to settle what it leaves. */
export function runUp(
  { fleet }: CrashFleet,
  args: readonly string[],
  env: Record<string, string>,
): Promise<CliResult> {
  return runCli(['up', '--shard', 'shard2', ...args], {
    cwd: fleet.dir,
    env: { ...env, PGVENEER_TEST_NO_WATCHDOG: '1' },
  });
}

/** The named points that a run goes through, each with its number: `before prepare:veneer#2`. */
export async function recordPoints(crash: CrashFleet, args: readonly string[]): Promise<string[]> {
  await nextRound(crash);
  const file = `${crash.fleet.dir}/points`;
  await runUp(crash, args, { PGVENEER_TEST_POINTS: file });
  const count = occurrences();
  const points = (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((point) => `${point}#${count(point)}`);
  await rm(file);
  return points;
}

/** After a crash and one `up`: all of the round exactly once, nothing left over, no drift, and readers are served. */
export async function expectWhole({ fleet, run, round }: CrashFleet): Promise<void> {
  for (const tenant of TENANTS) {
    const ledger = await fleet.query(
      'shard2',
      `SELECT migration, count(*)::int AS n FROM pgveneer.ledger WHERE tenant = '${tenant}' GROUP BY 1 HAVING count(*) <> 1`,
    );
    expect(ledger).toEqual([]);
    expect(await fleet.query('veneer', `SELECT n FROM ${tenant}.counter`, 'app')).toEqual([{ n: round }]);
    expect(await fleet.query('veneer', `SELECT * FROM ${tenant}.t_${round}`, 'app')).toEqual([
      { id: 1, b: 'one', c: null },
    ]);
  }
  for (const member of MEMBERS) {
    const left = `SELECT gid FROM pg_prepared_xacts WHERE database = current_database()
                  UNION ALL SELECT step FROM pgveneer.step ${member === 'veneer' ? 'UNION ALL SELECT step FROM pgveneer.intent' : ''}`;
    expect(await fleet.query(member, left)).toEqual([]);
  }
  expect(await run.status({ shards: ['shard2'] })).toMatchObject({
    drift: [],
    inDoubt: [],
    problems: [],
    exitCode: 0,
  });
}
