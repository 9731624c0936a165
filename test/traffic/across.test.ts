import { afterEach, beforeEach, expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { readChanged, type Isolation } from '../support/traffic-readers.js';
import { BASE_FILE, BASE_SQL, changesOfRound } from '../support/traffic-schema.js';
import { startTally } from '../support/traffic-tally.js';
import { visitOf } from '../support/traffic-worker.js';

const TENANT = { name: 'cyberdyne', shard: 'shard2' } as const;

let fleet: TestFleet;
let run: Commands;

beforeEach(async () => {
  fleet = await freshFleet();
  run = commandsOn(fleet);
  await fleet.writeMigration(BASE_FILE, BASE_SQL);
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

const KINDS = [
  { isolation: 'READ COMMITTED', lock: 'kept' },
  { isolation: 'REPEATABLE READ', lock: 'kept' },
  { isolation: 'READ COMMITTED', lock: 'given back' },
] as const;

test.each(KINDS)(
  'whoever read the shard before a step reads the changed tables after it as they are: $isolation, lock $lock',
  async ({ isolation, lock }) => {
    const tally = startTally();
    for (const { file, sql } of changesOfRound(1)) {
      await fleet.writeMigration(file, sql);
      const reader = await fleet.connect('veneer', 'app');
      await openSnapshot(reader, isolation, lock);
      let readOn = (): void => undefined;
      const told = new Promise<void>((resolve) => (readOn = resolve));
      const observed = commandsOn(fleet, {
        onProgress: (event) => {
          if (event.type !== 'step' || event.shard !== TENANT.shard) return;
          if (event.phase === 'committed' || event.phase === 'retrying') readOn();
        },
      });
      const done = observed.up().finally(readOn);
      await told;
      await readChanged(visitOf({ name: file, client: reader, tally }, TENANT, 0));
      await reader.query('COMMIT');
      expect(await done).toMatchObject({ problems: [], exitCode: 0 });
    }
    expect(tally.result()).toMatchObject({ wrong: 0, errors: {}, samples: [] });
  },
  300_000,
);

/** The remote snapshot is there to stay; the lock on the foreign table may have been given back. */
async function openSnapshot(
  reader: Client,
  isolation: Isolation,
  lock: 'kept' | 'given back',
): Promise<void> {
  const read = `SELECT count(*) FROM ${TENANT.name}.settings`;
  await reader.query(`BEGIN ISOLATION LEVEL ${isolation}`);
  await reader.query(lock === 'kept' ? read : `SAVEPOINT s; ${read}; ROLLBACK TO SAVEPOINT s`);
}
