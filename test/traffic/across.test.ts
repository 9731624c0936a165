import { expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { scenario } from '../support/scenario.js';
import { readChanged } from '../support/traffic-readers.js';
import { BASE_SQL, changesOfRound } from '../support/traffic-schema.js';
import { startTally } from '../support/traffic-tally.js';
import { visitOf } from '../support/traffic-worker.js';
import { asking } from '../support/sessions.js';
import { untilSome } from '../support/until.js';

const s = scenario();

/** The first shard in order: its steps come without anything learnt from another. */
const TENANT = { name: 'bluth_co', shard: 'shard1' } as const;
const READ = `SELECT count(*) FROM ${TENANT.name}.settings`;

/** How a session comes to a snapshot on the shard; with a savepoint it gives its lock on the foreign table back. */
const OPENINGS = {
  'that read another table of the shard': [
    `BEGIN ISOLATION LEVEL READ COMMITTED; ${READ}`,
    `BEGIN ISOLATION LEVEL REPEATABLE READ; ${READ}`,
  ],
  'whose savepoint that read it was rolled back': [`BEGIN; SAVEPOINT s; ${READ}; ROLLBACK TO SAVEPOINT s`],
};

test.each(Object.entries(OPENINGS))(
  'a transaction %s before a step reads the changed tables after it as they are',
  async (_, openings) => {
    await s.start(BASE_SQL);
    const tally = startTally();
    for (const { file, sql } of changesOfRound(1)) {
      await s.fleet.writeMigration(file, sql);
      const readers = await Promise.all(openings.map((opening) => open(opening)));
      const { done, settled } = upUntilSettled();
      await settled;
      for (const client of readers) {
        await readChanged(visitOf({ name: file, client, tally }, TENANT, 0));
        await client.query('COMMIT');
      }
      expect(await done).toMatchObject({ problems: [], exitCode: 0 });
    }
    expect(tally.result()).toMatchObject({ wrong: 0, errors: {}, samples: [] });
  },
  300_000,
);

test('a step that waits for an old snapshot goes on in the same attempt when it is gone', async () => {
  await s.start(BASE_SQL);
  await s.write('ALTER TABLE accounts ALTER COLUMN balance TYPE bigint');
  const reader = await open(`BEGIN; SAVEPOINT s; ${READ}; ROLLBACK TO SAVEPOINT s`);
  const done = s.run.up({ shards: [TENANT.shard] });
  await untilSome(s.fleet, TENANT.shard, asking('bookstore_admin', '%age(b.backend_xmin)%'));
  await reader.query('COMMIT');
  const report = await done;
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(report.shards.flatMap(({ steps }) => steps.map(({ attempts }) => attempts))).toEqual([1]);
});

async function open(opening: string): Promise<Client> {
  const client = await s.fleet.connect('veneer', 'app');
  await client.query(opening);
  return client;
}

/** `settled`: the step has committed on the tenant's shard, or gave way to the readers and is about to try again. */
function upUntilSettled() {
  let settle = (): void => undefined;
  const settled = new Promise<void>((resolve) => (settle = resolve));
  const run = s.runWith({
    onProgress: (event) => {
      if (event.type !== 'step' || event.shard !== TENANT.shard) return;
      if (event.phase === 'committed' || event.phase === 'retrying') settle();
    },
  });
  return { done: run.up().finally(settle), settled };
}
