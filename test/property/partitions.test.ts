import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  columnsOn,
  regionsFleet,
  shownBy,
  yearsFleet,
  type PartitionedFleet,
} from '../support/partitioned-fleet.js';
import { randomColumns } from '../support/random-columns.js';

/** `PROPERTY_SEED` plays a failed run again, `PROPERTY_RUNS` plays more of them. */
const seed = Number(process.env['PROPERTY_SEED'] ?? 1);
const numRuns = Number(process.env['PROPERTY_RUNS'] ?? 2);

const number = fc.nat({ max: 999_983 });
/** A migration makes a few changes at once. */
const migration = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 3 });
const histories = fc.array(migration, { minLength: 3, maxLength: 4 });

describe.each([
  // In a mesh a rewrite needs --offline, so that types stay.
  ['regions that are shard and veneer for each other', regionsFleet, false],
  ['years of a shard below a parent on a veneer', yearsFleet, true],
] as const)('%s', (_title, start, withTypes) => {
  let fleet: PartitionedFleet;
  let count = 0;

  beforeAll(async () => {
    fleet = await start();
  });

  afterAll(() => fleet.close());

  test('after every step of a random history all partitions are like their parent, and every row is shown everywhere', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const columns = randomColumns(++count, withTypes);
        for (const changes of history) await migrate(changes.map((choice) => columns.change(choice)));
        await migrate(columns.dropAll());
      }),
      { seed, numRuns, verbose: 1, endOnFailure: process.env['PROPERTY_SHRINK'] === undefined },
    );
  });

  let id = 0;

  async function migrate(actions: readonly string[]): Promise<void> {
    if (actions.length === 0) return;
    await fleet.write(actions);
    const { problems, exitCode } = await fleet.run.up();
    expect({ actions, problems, exitCode }).toEqual({ actions, problems: [], exitCode: 0 });
    const veneer = fleet.veneers[++id % fleet.veneers.length]!;
    for (const insert of fleet.inserts(id)) await fleet.query(veneer, insert);
    const stored = await fleet.stored();
    for (const veneer of fleet.veneers) {
      const [parent, ...partitions] = await columnsOn(fleet, veneer);
      expect({ actions, veneer, partitions }).toEqual({
        actions,
        veneer,
        partitions: [parent, parent, parent],
      });
      expect({ actions, veneer, rows: await shownBy(fleet, veneer) }).toEqual({
        actions,
        veneer,
        rows: stored,
      });
    }
    const { drift, exitCode: status } = await fleet.run.status();
    expect({ actions, drift, status }).toEqual({ actions, drift: [], status: 0 });
  }
});
