import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { assertLikeImport } from '../support/like-import.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';

let fleet: OwnFleet;
let run: Commands;

beforeAll(async () => {
  fleet = await startOwnFleet({ max_prepared_transactions: '0' });
  run = commandsOn(fleet);
  await run.setup();
});

afterAll(() => fleet.close());

test('setup, its dry run, status and plan tell of it before anything is migrated', async () => {
  const notice =
    'no prepared transactions on veneer, shard1, shard2, shard3: steps there run in lock-step, and a crash between two commits leaves a veneer behind its shard until the next run; set max_prepared_transactions = 64 there and restart';
  for (const report of [
    await run.setup(),
    await run.setup({ dryRun: true }),
    await run.status(),
    await run.plan(),
  ])
    expect(report.notices).toContain(notice);
});

test('servers without prepared transactions run in lock-step, and --protocol two-phase is refused by name', async () => {
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  const report = await run.up();
  expect(report).toMatchObject({ problems: [], exitCode: 0 });
  expect(report.shards.flatMap(({ steps }) => steps.map(({ protocol }) => protocol))).toEqual(
    Array(3).fill('lock-step'),
  );
  await assertLikeImport(fleet);
  await fleet.writeMigration('0002_title.sql', 'ALTER TABLE books ADD COLUMN title text');
  const refused = await run.up({ protocol: 'two-phase' });
  expect(refused).toMatchObject({ exitCode: 20 });
  expect(refused.problems[0]).toMatchObject({
    message: expect.stringMatching(/^\S+ has no prepared transactions \(max_prepared_transactions = 0\)$/),
    hint: expect.stringContaining('--protocol lock-step'),
  });
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.query('shard2', 'ALTER TABLE cyberdyne.books ADD COLUMN pages int');
  expect(await run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  await assertLikeImport(fleet);
});

test('in lock-step, too, a tenant is made like another one', async () => {
  await fleet.writeMigration(
    '0003_notes.sql',
    `CREATE TYPE mood AS ENUM ('good', 'bad');
     CREATE TABLE notes (id bigserial PRIMARY KEY, book int, mood mood DEFAULT 'good');
     CREATE VIEW happy AS SELECT id FROM notes WHERE mood = 'good'`,
  );
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.query('shard2', 'ALTER TABLE cyberdyne.books DROP COLUMN pages');
  expect(await run.sync()).toMatchObject({ problems: [], exitCode: 0 });
  const like = { action: 'add', names: ['acme'], shard: 'shard3', like: 'cyberdyne', dryRun: false } as const;
  expect(await run.tenant(like)).toMatchObject({
    problems: [],
    exitCode: 0,
    tenants: [{ tenant: 'acme', state: 'added' }],
  });
  await assertLikeImport(fleet);
  expect(await run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
  const added = `SELECT DISTINCT protocol FROM pgveneer.history WHERE migration = 'tenant add' AND event = 'step ended'`;
  expect(await fleet.query('veneer', added)).toEqual([{ protocol: 'lock-step' }]);
});
