import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { twoVeneers, type TwoVeneers } from './two-veneers.js';

const OWN = "green: { url: '${GREEN_URL}', servers: { shard1: { host: localhost, fetch_size: 7 } } }";

let fleet: TwoVeneers;
let run: Commands;

beforeEach(async () => {
  fleet = await twoVeneers();
  const text = await fleet.readConfig();
  await fleet.writeConfig(text.replace("green: { url: '${GREEN_URL}' }", OWN));
  run = commandsOn(fleet);
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
});

afterEach(() => fleet.close());

const OPTIONS = `SELECT o.option_name AS name, o.option_value AS value FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) AS o
  WHERE s.srvname = 'shard1_server' AND o.option_name IN ('host', 'fetch_size') ORDER BY 1`;

const COLUMNS = `SELECT attname::text AS name FROM pg_attribute WHERE attrelid = 'bluth_co.books'::regclass AND attnum > 0 ORDER BY attnum`;

test('two veneers reach a shard by a route each, and move in one step', async () => {
  expect(await fleet.query('veneer', OPTIONS)).toEqual([{ name: 'host', value: fleet.env.SHARD1_HOST }]);
  expect(await fleet.green(OPTIONS)).toEqual([
    { name: 'fetch_size', value: '7' },
    { name: 'host', value: 'localhost' },
  ]);
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int); INSERT INTO books VALUES (1)');
  await run.up();
  await fleet.writeMigration('2_isbn.sql', 'ALTER TABLE books ADD COLUMN isbn text');
  const { shards } = await run.up();
  const step = shards[0]?.steps[0];
  expect(step).toMatchObject({ state: 'committed', protocol: 'two-phase' });
  expect(Object.keys(step?.veneerStatements ?? {}).toSorted()).toEqual(['blue', 'green']);
  expect(await fleet.green(COLUMNS)).toEqual([{ name: 'id' }, { name: 'isbn' }]);
  expect(await fleet.query('veneer', COLUMNS)).toEqual(await fleet.green(COLUMNS));
  expect(await fleet.green('SELECT id FROM bluth_co.books')).toEqual([{ id: 1 }]);
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('a route that is changed is drift of its veneer alone, and setup sets it', async () => {
  const text = await fleet.readConfig();
  await fleet.writeConfig(text.replace('fetch_size: 7', 'fetch_size: 8'));
  const { drift } = await run.status();
  expect(drift.map(({ where, object, text: difference }) => [where.veneer, object, difference])).toEqual([
    ['green', 'server shard1_server, option fetch_size', '7 on the veneer, 8 in shards.yaml'],
  ]);
  await run.setup();
  expect(await fleet.green(OPTIONS)).toContainEqual({ name: 'fetch_size', value: '8' });
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});
