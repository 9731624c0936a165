import { Client } from 'pg';
import { afterEach, expect, test } from '@jest/globals';
import { withSuperuser, urlWith } from '../../src/sandbox/databases.js';
import type { Progress } from '../../src/report/progress.js';
import { signal } from '../support/hold.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const BOOKS = `CREATE TABLE books (id int, pages int); INSERT INTO books VALUES (1, 474);
               CREATE TABLE authors (id int); INSERT INTO authors VALUES (1)`;

const REWRITE = 'ALTER TABLE books ALTER COLUMN pages TYPE bigint';

/** A role of the veneer, and a user of the shard, that shards.yaml does not name. */
const roleOf = (fleet: string): string => `by_hand_${fleet}`;

interface Given {
  readonly retries: number;
  /** Options of the server beside its address. */
  readonly server?: string;
}

/** A fleet with two tables, in which that role has a user mapping made by hand, and with a rewrite to be applied. */
async function start({ retries, server = '' }: Given): Promise<void> {
  const yaml = bookstoreYaml(s.fleet.name)
    .replace('"${SHARD1_PORT}"', (port) => port + server)
    .replace(/rollout: .*/, `rollout: { lock_wait: 500ms, lock_hold: 30s, retries: ${retries} }`);
  await s.fleet.writeConfig(yaml);
  await s.start(BOOKS);
  const role = roleOf(s.fleet.name);
  for (const member of ['veneer', 'shard1'])
    await s.fleet.query(
      member,
      `CREATE ROLE ${role} LOGIN PASSWORD 'by-hand'; GRANT USAGE ON SCHEMA bluth_co TO ${role};
       GRANT SELECT ON ALL TABLES IN SCHEMA bluth_co TO ${role}`,
      'superuser',
    );
  await s.fleet.query(
    'veneer',
    `CREATE USER MAPPING FOR ${role} SERVER shard1_server OPTIONS (user '${role}', password 'by-hand')`,
  );
  await s.write(REWRITE);
}

let reader: Client;

/** It has read within a savepoint, and given its locks on the veneer back. */
async function startReading(): Promise<void> {
  const user = { user: roleOf(s.fleet.name), password: 'by-hand' };
  reader = new Client({ connectionString: urlWith(s.fleet.urlOf('veneer'), user) });
  reader.on('error', () => undefined); // its database is dropped before it is closed
  await reader.connect();
  await reader.query('BEGIN; SAVEPOINT a; SELECT FROM bluth_co.authors; ROLLBACK TO SAVEPOINT a');
}

afterEach(async () => {
  await reader.end();
  for (const server of s.fleet.servers.filter(({ name }) => name === 'veneer' || name === 'shard1'))
    await withSuperuser(
      server,
      'postgres',
      async (session) => void (await session.run(`DROP ROLE ${roleOf(s.fleet.name)}`)),
    );
});

const readPages = async (): Promise<unknown> => (await reader.query('SELECT pages FROM bluth_co.books')).rows;

const NAMES = [
  { name: 'as postgres_fdw calls it', server: '' },
  { name: 'as shards.yaml calls it', server: ', application_name: "shop %p"' },
];

test.each(NAMES)(
  'a rewrite waits for a reader by a user mapping that shards.yaml does not name, $name',
  async ({ server }) => {
    await start({ retries: 100, server });
    await startReading();
    const retried = signal();
    const onProgress = (event: Progress): void => {
      if (event.type === 'step' && event.phase === 'retrying') retried.fire();
    };
    const report = s.runWith({ onProgress }).up({ shards: ['shard1'] });
    await Promise.race([retried.promise, report]);
    expect(await readPages()).toEqual([{ pages: 474 }]);
    await reader.query('COMMIT');
    expect(await report).toMatchObject({ problems: [], exitCode: 0 });
    expect(await readPages()).toEqual([{ pages: '474' }]);
  },
);

const ITS_SESSION = /shard1: pid \d+ \(postgres_fdw, by_hand_/;

test('a reader whom the run may not end is named, and goes on reading', async () => {
  await start({ retries: 1 });
  await startReading();
  const report = await s.run.up({ shards: ['shard1'], terminateBlockersMs: 0 });
  expect(report).toMatchObject({ exitCode: 20, shards: [{ steps: [{ attempts: 2 }] }] });
  expect(report.problems).toEqual([
    expect.objectContaining({
      message: expect.stringContaining('a session still reads shard1 as it was before bluth_co.books was'),
      detail: expect.stringMatching(ITS_SESSION),
    }),
  ]);
  expect(await readPages()).toEqual([{ pages: 474 }]);
  await reader.query('COMMIT');
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({ exitCode: 0 });
});

test('--terminate-blockers ends one where the server allows it, and the reader gets an error', async () => {
  await start({ retries: 10 });
  await s.fleet.query('shard1', `GRANT ${roleOf(s.fleet.name)} TO bookstore_admin`, 'superuser');
  await startReading();
  const report = await s.run.up({ shards: ['shard1'], terminateBlockersMs: 0 });
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(s.run.events).toContainEqual({
    type: 'notice',
    text: expect.stringMatching(ITS_SESSION),
  });
  await expect(readPages()).rejects.toThrow();
});
