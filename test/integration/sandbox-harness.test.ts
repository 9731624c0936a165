import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freshFleet } from '../support/fresh-fleet.js';
import { startOwnFleet } from '../support/own-fleet.js';

test('a fresh fleet is four empty databases, of their admins, and a project that describes them', async () => {
  const fleet = await freshFleet();
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3']) {
    const [found] = await fleet.query(
      member,
      'SELECT current_database() AS database, pg_has_role(current_user, datdba, $$usage$$) AS owner, (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS super FROM pg_database WHERE datname = current_database()',
    );
    expect(found).toEqual({ database: fleet.database, owner: true, super: false });
  }
  expect(await readFile(join(fleet.dir, 'shards.yaml'), 'utf8')).toContain(`fleet: ${fleet.name}\n`);
  expect(await readFile(join(fleet.dir, '.env'), 'utf8')).toContain(`VENEER_URL=${fleet.urlOf('veneer')}\n`);
  await fleet.close();
});

test('the owner of the veneer, no superuser, can make a server of each shard and read through it', async () => {
  const fleet = await freshFleet();
  await fleet.query(
    'shard2',
    'CREATE TABLE public.book (title text); INSERT INTO public.book VALUES ($$Dune$$)',
  );
  const { SHARD2_HOST, SHARD2_PORT, ADMIN_PASSWORD_SHARD2 } = fleet.env;
  await fleet.query(
    'veneer',
    `CREATE SERVER s FOREIGN DATA WRAPPER postgres_fdw
       OPTIONS (host '${SHARD2_HOST}', port '${SHARD2_PORT}', dbname '${fleet.database}');
     CREATE USER MAPPING FOR veneer_admin SERVER s OPTIONS (user 'bookstore_admin', password '${ADMIN_PASSWORD_SHARD2}');
     CREATE FOREIGN TABLE book (title text) SERVER s OPTIONS (schema_name 'public')`,
  );
  expect(await fleet.query('veneer', 'SELECT title FROM book')).toEqual([{ title: 'Dune' }]);
  await fleet.close();
});

test('close removes the databases, also with a session open and a transaction prepared in them', async () => {
  const fleet = await freshFleet();
  const client = await fleet.connect('shard1');
  await client.query('BEGIN');
  await client.query('CREATE TABLE t ()');
  await client.query(`PREPARE TRANSACTION 'left ${fleet.database}'`);
  const other = await freshFleet();
  await fleet.close();
  const left = `SELECT FROM pg_database, pg_prepared_xacts WHERE datname = '${fleet.database}' OR database = '${fleet.database}'`;
  expect(await other.query('shard1', left, 'superuser')).toEqual([]);
  await other.close();
});

test('an own fleet survives the SIGKILL of a server, with what was committed', async () => {
  const fleet = await startOwnFleet({ max_prepared_transactions: '3' });
  expect(await fleet.query('shard3', 'SHOW max_prepared_transactions')).toEqual([
    { max_prepared_transactions: '3' },
  ]);
  await fleet.query('shard3', 'CREATE TABLE kept (); INSERT INTO kept DEFAULT VALUES');
  await fleet.signal('shard3', 'SIGKILL');
  await fleet.start('shard3');
  expect(await fleet.query('shard3', 'SELECT FROM kept')).toHaveLength(1);
  await fleet.close();
});
