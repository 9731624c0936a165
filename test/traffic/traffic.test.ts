import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { assertLikeImport } from '../support/like-import.js';
import type { UpReport } from '../../src/report/up.js';
import type { TestFleet } from '../support/test-fleet.js';
import { baselineTraffic, startTraffic } from '../support/traffic.js';
import { BASE_FILE, BASE_SQL, changesOfRound } from '../support/traffic-schema.js';
import { trafficTable } from '../support/traffic-table.js';

/** Bounds the test; a round is twelve migrations on three shards. */
const ROUNDS = Number(process.env.TRAFFIC_ROUNDS ?? 1);
const BASELINE_TURNS = 15;

/** Eight connections that never rest, on a machine that may be busy: how often a step has to be tried is told, not judged. */
const config = (name: string): string =>
  bookstoreYaml(name).replace('lock_hold: 30s', 'lock_hold: 30s, retries: 50');

let fleet: TestFleet;
let run: Commands;

beforeEach(async () => {
  fleet = await freshFleet({ config });
  run = commandsOn(fleet);
  await fleet.writeMigration(BASE_FILE, BASE_SQL);
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

test('migrations under live traffic give it no error that it had not before, and no wrong row', async () => {
  const baseline = await baselineTraffic(fleet, BASELINE_TURNS);
  expect(baseline).toMatchObject({ errors: {}, wrong: 0, samples: [] });
  const traffic = await startTraffic(fleet);
  const observed = commandsOn(fleet, {
    onProgress: (event) => {
      if (event.type === 'step' && event.phase === 'committed') traffic.stepped(event.shard);
    },
  });
  const reports: UpReport[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    for (const { file, sql } of changesOfRound(round)) await fleet.writeMigration(file, sql);
    reports.push(await observed.up());
  }
  const result = await traffic.stop();
  const attempts = reports
    .flatMap(({ shards }) => shards.flatMap(({ steps }) => steps))
    .reduce((sum, step) => sum + step.attempts, 0);
  const columns = [
    { title: 'without migrations', result: baseline },
    { title: `${ROUNDS * 12} migrations, two-phase`, result },
  ];
  process.stdout.write(`\n${trafficTable(columns, [['attempts at steps', '', String(attempts)]])}\n`);
  for (const report of reports) expect(report).toMatchObject({ problems: [], exitCode: 0 });
  const { '0A000': changedPlans = 0, ...otherErrors } = result.errors;
  expect({ otherErrors, wrong: result.wrong, samples: others(result.samples) }).toEqual({
    otherErrors: {},
    wrong: 0,
    samples: [],
  });
  expect(changedPlans).toBeLessThan(result.statements);
  expect(result.straddled).toBeGreaterThan(0);
  expect(await run.status()).toMatchObject({ exitCode: 0 });
  await assertLikeImport(fleet);
}, 300_000);

/** All but what a prepared SELECT * gets from one server, too. */
const others = (samples: readonly string[]): string[] =>
  samples.filter((sample) => !sample.startsWith('0A000: cached plan must not change result type'));
