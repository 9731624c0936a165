import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const SHARDS = ['shard1', 'shard2', 'shard3'];

const s = scenario({ config: (fleet) => `${bookstoreYaml(fleet)}\nextensions: [cube, hstore]\n` });

const onAll = async (sql: string): Promise<void> => {
  for (const shard of SHARDS) await s.fleet.query(shard, sql, 'superuser');
};

const onVeneer = (sql: string): Promise<unknown> => s.fleet.query('veneer', sql, 'superuser');

const states = ({ shards }: UpReport): unknown =>
  shards.flatMap(({ steps }) => steps.map(({ state }) => state));

/** Of the tenant on shard1, which is the canary. */
const columns = async (): Promise<unknown> =>
  (
    await s.fleet.query(
      'shard1',
      `SELECT attname::text FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0 ORDER BY attnum`,
    )
  ).map(({ attname }) => attname);

const USES = 'ALTER TABLE books ADD place public.cube';

test('a listed extension that the runner may not create is refused before anything runs, and in the step in the same words', async () => {
  await s.start('CREATE TABLE books (id int)');
  await onVeneer(`REVOKE CREATE ON DATABASE ${s.fleet.database} FROM PUBLIC, veneer_admin`);
  // The migration itself brings the extension: only its transaction knows.
  const name = await s.write(`CREATE EXTENSION IF NOT EXISTS cube SCHEMA public; ${USES}`);
  const refused = {
    message: 'veneer lacks extension cube, which the runner may not create there',
    exitCode: 20,
    where: { member: 'veneer' },
    hint: 'have a superuser run on veneer: CREATE EXTENSION "cube" SCHEMA "public"',
  };
  const within = await s.run.up();
  expect(within).toMatchObject({ exitCode: 20, problems: [refused] });
  expect(states(within)).toEqual(['failed', 'not started', 'not started']);
  expect(await columns()).toEqual(['id']);

  await onAll('CREATE EXTENSION cube SCHEMA public');
  await s.fleet.writeMigration(`${name}.sql`, 'ALTER TABLE books ADD title text');
  await s.write(USES);
  expect(await s.run.up({ dryRun: true })).toMatchObject({ exitCode: 0, notices: [refused.message] });
  expect((await s.run.plan()).notices).toContain(refused.message);
  const before = await s.run.up();
  expect(before).toMatchObject({ exitCode: 20, next: 'migrate up', problems: [refused] });
  // Neither the step that would have failed, nor the one before it.
  expect(new Set(states(before) as string[])).toEqual(new Set(['not started']));
  expect(await columns()).toEqual(['id']);

  await onVeneer('CREATE EXTENSION "cube" SCHEMA "public"');
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect((await s.run.status()).drift).toEqual([]);
});

test("an extension that the veneer's server does not have is refused before anything runs", async () => {
  await s.start('CREATE TABLE books (id int)');
  await onAll('CREATE EXTENSION hstore SCHEMA public');
  await onVeneer(`ALTER DATABASE ${s.fleet.database} SET extension_control_path = '/nowhere'`);
  await s.write('ALTER TABLE books ADD title text');
  const report = await s.run.up();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: 'veneer lacks extension hstore, which its server does not have',
        hint: expect.stringContaining("install the extension's package on veneer's server"),
      },
    ],
  });
  expect(await columns()).toEqual(['id']);
});
