import { expect, test } from '@jest/globals';
import { literal, ident } from '../../src/postgres/identifiers.js';
import { assertLikeImport } from '../support/like-import.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const TENANT = `O'Brien "x"; drop table y --`;

const s = scenario({
  config: (fleet) =>
    bookstoreYaml(fleet).replace('[cyberdyne, dunder_mifflin]', JSON.stringify([TENANT, 'a.b\\$1'])),
});

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text); CREATE TABLE y (id int)';

test('a tenant with a hostile name is just a tenant, its whole life long', async () => {
  await s.start(BOOKS);
  const books = `${ident(TENANT)}.books`;
  await s.fleet.query('veneer', `INSERT INTO ${books} VALUES (1, 'Ulysses')`, 'app');
  await s.migrate(
    `ALTER TABLE books RENAME COLUMN title TO "na'me"";--"; ALTER TABLE y RENAME TO "y; drop table books"`,
  );
  expect(await s.fleet.query('veneer', `SELECT * FROM ${books}`, 'app')).toEqual([
    { id: 1, [`na'me";--`]: 'Ulysses' },
  ]);
  await s.fleet.query('shard2', `ALTER TABLE ${books} ADD COLUMN "by hand's" text`);
  const found = await s.run.status();
  expect(veneerDrift(found)).toMatchObject([
    { where: { tenant: TENANT }, object: `${TENANT}.books.by hand's` },
  ]);
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  await assertLikeImport(s.fleet);
  expect(veneerDrift(await s.run.status())).toEqual([]);
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up({ tenants: [TENANT] })).toMatchObject({
    exitCode: 0,
    shards: [{ state: 'up to date' }],
  });
  expect(
    await s.fleet.query('veneer', 'SELECT schema FROM pgveneer.tenants WHERE tenant = ' + literal(TENANT)),
  ).toEqual([{ schema: TENANT }]);
});

test('its failure is told with its name', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO ${ident(TENANT)}.books VALUES (1, 'Ulysses')`);
  await s.write(`INSERT INTO books VALUES (1, 'Dubliners')`);
  expect(await s.run.up()).toMatchObject({ problems: [{ where: { tenant: TENANT, member: 'shard2' } }] });
});
