import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { inPart, IS_FULL } from '../support/crash-matrix.js';
import { occurrences } from '../support/occurrences.js';
import { startRun } from '../support/crash-run.js';
import {
  columnsOn,
  regionsFleet,
  shownBy,
  yearsFleet,
  type PartitionedFleet,
} from '../support/partitioned-fleet.js';

/** What an ordinary run is killed at; the whole matrix goes through every point of a recorded run. */
const CHOSEN = ['after statements', 'after intent', 'after prepare', 'before commit prepared', 'after commit prepared', 'before close']; // prettier-ignore

/** The points of one `up`: `after prepare:usa#1`. */
async function pointsOf(fleet: PartitionedFleet): Promise<readonly string[]> {
  const count = occurrences();
  const points: string[] = [];
  const recording = commandsOn(fleet, {
    at: async (name) => {
      points.push(`${name}#${count(name)}`);
    },
  });
  expect(await recording.up()).toMatchObject({ problems: [], exitCode: 0 });
  return points;
}

/** The first and the last member to come by each chosen point. */
function chosenOf(points: readonly string[]): readonly string[] {
  if (IS_FULL) return inPart(points);
  return CHOSEN.flatMap((word) => {
    const at = points.filter((point) => point.split(/[:#]/)[0] === word);
    return [...new Set([at[0], at.at(-1)])].filter((point) => point !== undefined);
  });
}

/** As if nothing had happened: applied once everywhere, parents and partitions alike, no trace, every row shown. */
async function expectHealed(fleet: PartitionedFleet, column: string): Promise<void> {
  const left = `SELECT gid AS what FROM pg_prepared_xacts WHERE database = current_database()
                UNION ALL SELECT step FROM pgveneer.step`;
  for (const member of fleet.members) expect(await fleet.query(member, left)).toEqual([]);
  const applied = `SELECT count(*)::int AS n FROM pgveneer.ledger WHERE migration = '${fleet.migrations.at(-1)}'`;
  for (const member of fleet.ledgers) expect(await fleet.query(member, applied)).toEqual([{ n: 1 }]);
  for (const veneer of fleet.veneers) {
    const [parent, ...partitions] = await columnsOn(fleet, veneer);
    expect(parent).toContain(`${column} integer f`);
    expect(partitions).toEqual([parent, parent, parent]);
    expect(await shownBy(fleet, veneer)).toEqual(await fleet.stored());
  }
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
}

describe.each([
  ['regions that are shard and veneer for each other', regionsFleet],
  ['years of a shard below a parent on a veneer', yearsFleet],
])('%s', (_title, start) => {
  let fleet: PartitionedFleet;
  let count = 0;

  const writeNext = async (): Promise<string> => {
    const column = `c${++count}`;
    await fleet.write([`ADD COLUMN ${column} int DEFAULT ${count}`]);
    return column;
  };

  beforeAll(async () => {
    fleet = await start();
    for (const insert of fleet.inserts(1)) await fleet.query(fleet.veneers[0]!, insert);
  });

  afterAll(() => fleet.close());

  test('the runner is killed at points all along the step, and the next up makes the fleet whole', async () => {
    await writeNext();
    const points = await pointsOf(fleet);
    const chosen = chosenOf(points);
    expect(points.length).toBeGreaterThanOrEqual(2 * CHOSEN.length);
    for (const point of chosen) {
      const column = await writeNext();
      const killed = await startRun(fleet.dir, { command: 'up', dieAt: point }).result;
      expect({ point, signal: killed.signal }).toEqual({ point, signal: 'SIGKILL' });
      const { exitCode, problems } = await fleet.run.up();
      expect({ point, exitCode, problems }).toEqual({ point, exitCode: 0, problems: [] });
      await expectHealed(fleet, column);
    }
    console.log(`SIGKILL of the runner at ${chosen.length} points of ${points.length}`);
  }, 1_800_000);
});
