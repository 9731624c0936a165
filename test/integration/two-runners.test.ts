import { expect, test } from '@jest/globals';
import { EXIT, textOf } from '../../src/errors.js';
import { fieldOf } from '../../src/postgres/sqlstate.js';
import { runCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';
import { TENANTS } from '../support/traffic-schema.js';

const s = scenario();

const ROUNDS = 25;
const CLI_ROUNDS = 2;

/** How one of two ended. */
interface End {
  readonly exitCode: number | null;
  readonly said: string;
}

test('of two runners that start at once exactly one works, and the other says who and since when', async () => {
  await s.start(
    'CREATE TABLE gate (); CREATE TABLE counter (n int NOT NULL); INSERT INTO counter VALUES (0)',
  );
  for (let round = 1; round <= ROUNDS + CLI_ROUNDS; round++) {
    await s.write(
      `LOCK TABLE gate; ALTER TABLE counter ADD COLUMN c${round} int; UPDATE counter SET n = n + 1`,
    );
    const start = round <= ROUNDS ? upInProcess : upByCli;
    const { winner, loser } = await race(start, start);
    expect(winner.exitCode).toBe(EXIT.clean);
    expect(loser.exitCode).toBe(EXIT.locked);
    expect(loser.said).toMatch(
      /another runner holds fleet \S+ on veneer: pgv \S+ up \S+@\S+, pid \d+ from \S+, since 20\d\d-\S+Z/,
    );
  }
  const applied = ROUNDS + CLI_ROUNDS + 1;
  for (const { name, shard } of TENANTS) {
    expect(await s.fleet.query('veneer', `SELECT n FROM ${name}.counter`, 'app')).toEqual([
      { n: applied - 1 },
    ]);
    const ledger = `SELECT count(*)::int AS n FROM pgveneer.ledger WHERE tenant = '${name}' AND state = 'applied'`;
    expect(await s.fleet.query(shard, ledger)).toEqual([{ n: applied }]);
  }
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [], inDoubt: [] });
}, 300_000);

/** The winner cannot end before the loser has: it waits for a table that is let go only then. */
async function race(
  one: () => Promise<End>,
  other: () => Promise<End>,
): Promise<{ winner: End; loser: End }> {
  const holder = await s.fleet.connect('shard1');
  await holder.query('BEGIN; LOCK TABLE bluth_co.gate IN ACCESS SHARE MODE');
  const running = [one(), other()] as const;
  const loser = await Promise.race(running);
  await holder.query('COMMIT');
  await holder.end();
  const ends = await Promise.all(running);
  return { loser, winner: ends.find((end) => end !== loser) ?? loser };
}

async function upInProcess(): Promise<End> {
  try {
    const { exitCode, problems } = await s.run.up();
    return { exitCode, said: JSON.stringify(problems) };
  } catch (error) {
    return { exitCode: Number(fieldOf(fieldOf(error, 'facts'), 'exitCode')), said: textOf(error) };
  }
}

async function upByCli(): Promise<End> {
  const { code, stdout, stderr } = await runCli(['up'], { cwd: s.fleet.dir });
  return { exitCode: code, said: stdout + stderr };
}
