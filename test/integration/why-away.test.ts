import { afterEach, expect, test } from '@jest/globals';
import { reportText } from '../../src/render/report-text.js';
import { PLAIN } from '../../src/render/blocks/style.js';
import { commandsOn } from '../support/commands.js';
import { databaseFleet } from '../support/database-fleet.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { meshFleet, REGION_RULES } from '../support/mesh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { twoVeneers } from '../protocol/two-veneers.js';

const open: Pick<TestFleet, 'close'>[] = [];

afterEach(async () => {
  for (const fleet of open.splice(0)) await fleet.close();
});

const use = <F extends Pick<TestFleet, 'close'>>(fleet: F): F => {
  open.push(fleet);
  return fleet;
};

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';

const nowhere = (fleet: TestFleet, member: string): Promise<void> =>
  fleet.writeConfig(
    bookstoreYaml(fleet.name).replace(
      `\${${member.toUpperCase()}_URL}`,
      `postgres://a:b@localhost:1/${fleet.database}`,
    ),
  );

test('a fleet that was never set up is read all the same: what has to come first is setup', async () => {
  const fleet = use(await freshFleet());
  const run = commandsOn(fleet);
  expect(await run.why('cyberdyne')).toMatchObject({
    tenants: [{ member: 'shard2' }],
    relations: [],
    exitCode: 0,
  });
  await fleet.query('shard2', 'CREATE SCHEMA cyberdyne; CREATE TABLE cyberdyne.books (a int)');
  const report = await run.why('cyberdyne.books');
  expect(report).toMatchObject({
    relations: [{ state: 'differs', table: null }],
    exitCode: 11,
    next: 'migrate setup',
  });
  expect(report.relations[0]?.drift.map(({ kind }) => kind).toSorted()).toEqual([
    'missing table',
    'server',
    'user mapping',
    'user mapping',
  ]);
  expect(await fleet.query('veneer', 'SELECT FROM pg_foreign_server')).toEqual([]);
});

test('a shard that is down is told, with all that the others know; one that is not concerned is a notice', async () => {
  const fleet = use(await freshFleet());
  const run = commandsOn(fleet);
  await fleet.writeMigration('1_a.sql', BOOKS);
  await run.setup();
  expect(await run.up()).toMatchObject({ exitCode: 0 });
  await nowhere(fleet, 'shard2');
  const report = await run.why('cyberdyne.books');
  expect(report).toMatchObject({
    relations: [{ state: 'not read', kind: null, member: 'shard2', table: { name: 'books' }, writes: [] }],
    problems: [{ where: { member: 'shard2' } }],
    exitCode: 23,
  });
  expect(reportText(report, PLAIN)).toContain('of      cyberdyne.books on shard2, which was not asked');
  expect(await run.why('cyberdyne.late')).toMatchObject({
    relations: [{ state: 'not read', table: null, shownAs: { name: 'late' } }],
    exitCode: 23,
  });
  expect(await run.why('nobodys.books')).toMatchObject({
    relations: [],
    problems: [{}],
    exitCode: 23,
    next: 'migrate status',
  });
  expect(await run.why('initech.books')).toMatchObject({
    relations: [{ state: 'in line' }],
    problems: [],
    notices: [expect.stringContaining('shard2 was not asked: ')],
    exitCode: 0,
  });
});

test('each veneer answers for itself, and one that is down is told', async () => {
  const fleet = use(await twoVeneers());
  const run = commandsOn(fleet);
  await fleet.writeMigration('1_a.sql', BOOKS);
  await run.setup();
  expect(await run.up()).toMatchObject({ exitCode: 0 });
  await fleet.green('ALTER FOREIGN TABLE cyberdyne.books DROP COLUMN title');
  const states = async (): Promise<unknown> => {
    const { relations, exitCode } = await run.why('cyberdyne.books');
    return [...relations.map(({ veneer, state }) => [veneer, state]), exitCode];
  };
  expect(await states()).toEqual([['blue', 'in line'], ['green', 'differs'], 11]);
  await fleet.away('green');
  expect(await states()).toEqual([['blue', 'in line'], ['green', 'not read'], 23]);
});

test('with a database for each tenant a name is answered for each of them, and a tenant for itself', async () => {
  const fleet = use(await databaseFleet({ shard1: ['acme', 'hooli'], shard2: ['umbrella'] }));
  await fleet.writeMigration('1_a.sql', BOOKS);
  await fleet.run.setup();
  expect(await fleet.run.up()).toMatchObject({ exitCode: 0 });
  const report = await fleet.run.why('hooli.books');
  expect(report).toMatchObject({
    tenants: [{ tenant: 'hooli', shard: 'shard1', member: 'shard1/hooli', server: 'hooli_server' }],
    relations: [
      {
        state: 'in line',
        roles: [{}, { user: `${fleet.name}_hooli_app`, there: ['select', 'insert', 'update', 'delete'] }],
      },
    ],
    exitCode: 0,
  });
  const remote = report.relations[0]?.remote.schema ?? '';
  expect((await fleet.run.why('umbrella')).relations).toMatchObject([
    { member: 'shard2/umbrella', state: 'in line' },
  ]);
  await fleet.in('hooli', `ALTER TABLE "${remote}".books ADD n int`);
  expect(await fleet.run.why('hooli')).toMatchObject({ relations: [{ state: 'differs' }], exitCode: 11 });
  expect(await fleet.run.why('acme')).toMatchObject({ relations: [{ state: 'in line' }], exitCode: 0 });
});

test('a region does not show what it has itself', async () => {
  const fleet = use(await meshFleet(REGION_RULES));
  await fleet.everywhere('CREATE SCHEMA shared; CREATE TABLE shared.identity (id int)');
  await fleet.run.setup();
  await fleet.run.sync();
  const { relations } = await fleet.run.why('gbr.identity');
  const answers = relations.map(
    ({ veneer, state, table }) => `${veneer}: ${state}, ${table?.schema ?? 'nothing'}`,
  );
  expect(answers.toSorted()).toEqual(['aus: in line, gbr', 'gbr: own, nothing', 'usa: in line, gbr']);
});

test('shards alone show nothing', async () => {
  const fleet = use(
    await freshFleet({ config: (name) => bookstoreYaml(name).replace(/veneers:\n {2}veneer:\n.*\n/, '') }),
  );
  await fleet.query('shard2', 'CREATE SCHEMA cyberdyne; CREATE TABLE cyberdyne.books (a int)');
  expect(await commandsOn(fleet).why('cyberdyne.books')).toMatchObject({
    relations: [{ veneer: null, state: 'no veneer', member: 'shard2', drift: [] }],
    exitCode: 0,
  });
});
