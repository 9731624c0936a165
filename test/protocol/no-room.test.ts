import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createDatabase, createRole, urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { Secret } from '../../src/secret.js';
import { commandsOn, type Commands } from '../support/commands.js';
import { startOwnFleet, type OwnFleet } from '../support/own-fleet.js';

/** A veneer and two shards on one server, which has slots for two of them. */
let fleet: OwnFleet;
let run: Commands;

const yaml = (rollout: string): string => `fleet: ${fleet.name}
migrations: ./migrations
veneers: { veneer: { url: "\${VENEER_URL}" } }
shards:
  east: { url: "${urlTo('east')}", tenants: [acme] }
  west: { url: "${urlTo('west')}", tenants: [hooli] }
roles:
  veneer_admin: { user: runner, password: pw }
rollout: ${rollout}
`;

const urlTo = (database: string): string =>
  urlWith(fleet.urlOf('veneer'), { database, user: 'runner', password: 'pw' });

beforeAll(async () => {
  fleet = await startOwnFleet({ max_prepared_transactions: '2' });
  run = commandsOn(fleet);
  const server = fleet.servers.find(({ name }) => name === 'veneer')!;
  await withSuperuser(server, 'postgres', async (session) => {
    await createRole(session, { name: 'runner', password: new Secret('pw') });
    for (const name of ['east', 'west']) await createDatabase(session, { name, owner: 'runner' });
  });
});

afterAll(() => fleet.close());

test('a step over all shards that has no room is foreseen by plan, in the words of up', async () => {
  await fleet.writeConfig(yaml('{ atomic: fleet }'));
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.writeMigration('0001_books.sql', 'CREATE TABLE books (id int)');
  const words =
    'veneer, east, west: one server, and a step needs 3 times a slot for a prepared transaction there, of which it has 2';
  const plan = await run.plan();
  expect(plan).toMatchObject({ exitCode: 0, next: 'migrate up' });
  expect(plan.notices).toContain(`migrate up would end at once: ${words}`);
  await expect(run.up()).rejects.toMatchObject({ message: words, facts: { exitCode: 20 } });
  await fleet.writeConfig(yaml('{}'));
  const apart = await run.plan();
  expect(apart).toMatchObject({ exitCode: 0, capacity: { lanes: 1 } });
  expect(apart.notices.filter((text) => text.includes('would end'))).toEqual([]);
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});

test('where nothing is pending, nothing would end for want of room', async () => {
  await fleet.writeConfig(yaml('{ atomic: fleet }'));
  const other = await fleet.connect('veneer');
  for (const name of ['theirs', 'theirs, too'])
    await other.query(`BEGIN; SELECT pg_current_xact_id(); PREPARE TRANSACTION '${name}'`);
  expect(await run.plan()).toMatchObject({ exitCode: 0, next: null, migrations: [], notices: [] });
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
});
