import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli, type CliResult } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

let fleet: TestFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

const SECRET = /sample-|hush/;

beforeAll(async () => {
  fleet = await freshFleet();
  expect(await cli('setup')).toMatchObject({ code: 0 });
});

afterAll(() => fleet.close());

beforeEach(async () => {
  await fleet.writeConfig(bookstoreYaml(fleet.name));
  for (const file of ['0001_a.sql', '0001_b.sql', '0001_a.js'])
    await rm(`${fleet.dir}/migrations/${file}`, { force: true });
});

/** What a user sees of a failure: one exit code, the same words as text and as JSON, and no secret. */
async function expectFailure(
  args: readonly string[],
  code: number,
  words: readonly (string | RegExp)[],
): Promise<void> {
  const text = await cli(...args);
  const json = await cli(...args, '--json');
  expect([text.code, json.code]).toEqual([code, code]);
  const parsed = JSON.parse(json.stdout) as { exitCode: number; problems: unknown[] };
  expect(parsed.exitCode).toBe(code);
  expect(json.stderr).toBe('');
  const seen = text.stdout + text.stderr;
  for (const word of words) {
    if (typeof word !== 'string') expect(seen).toMatch(word);
    // Text is wrapped to the width of the terminal.
    else
      expect([seen.replaceAll(/\s+/g, ' '), stringsIn(parsed.problems)]).toEqual([
        expect.stringContaining(word),
        expect.stringContaining(word),
      ]);
  }
  expect(text.stdout + text.stderr + json.stdout).not.toMatch(SECRET);
}

/** All strings of a JSON value, one a line. */
function stringsIn(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.values(value).map(stringsIn).join('\n');
}

test('no shards.yaml', async () => {
  await rm(`${fleet.dir}/shards.yaml`);
  await expectFailure(['up'], 78, ['shards.yaml', 'no such file']);
});

test('YAML that does not parse', async () => {
  await fleet.writeConfig('fleet: x\nshards: [a, b\nroles: {');
  await expectFailure(['status'], 78, ['no valid YAML', /shards\.yaml:\d+:\d+/]);
});

test('all that is wrong with shards.yaml at once, with places and the nearest known key', async () => {
  await fleet.writeConfig(
    bookstoreYaml(fleet.name).replace('roles:', 'rolls:').replace('${VENEER_URL}', '${VENEER_URI}'),
  );
  await expectFailure(['up'], 78, ['VENEER_URI', 'rolls', 'roles', /shards\.yaml:6:\d+/]);
});

test('a wrong password', async () => {
  await fleet.writeConfig(
    bookstoreYaml(fleet.name).replace('${SHARD2_URL}', fleet.urlOf('shard2').replace(/:[^:@]*@/, ':hush@')),
  );
  await fleet.writeMigration('0001_a.sql', 'SELECT 1');
  await expectFailure(['up'], 23, ['shard2', 'password authentication failed', 'check user and password']);
});

test('a shard that is down: nothing is begun, and the way round is told', async () => {
  await fleet.writeConfig(
    bookstoreYaml(fleet.name).replace('${SHARD2_URL}', `postgres://a:hush@localhost:1/${fleet.database}`),
  );
  await fleet.writeMigration('0001_a.sql', 'CREATE TABLE down ()');
  await expectFailure(['up'], 23, [
    `shard2 at localhost:1/${fleet.database} cannot be reached`,
    'is the server running',
  ]);
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.down') AS t`)).toEqual([{ t: null }]);
});

test('a veneer that is down', async () => {
  await fleet.writeConfig(
    bookstoreYaml(fleet.name).replace('${VENEER_URL}', `postgres://a:hush@localhost:1/${fleet.database}`),
  );
  for (const command of ['up', 'setup', 'sync', 'recover']) {
    await expectFailure([command], 23, [`veneer at localhost:1/${fleet.database} cannot be reached`]);
  }
});

test('a syntax error in a migration: file, line, column and what PostgreSQL says, before anything runs', async () => {
  await fleet.writeMigration('0001_a.sql', 'CREATE TABLE fine ();\n\nCREATE TABEL wrong ();\n');
  await expectFailure(['up'], 20, ['syntax error at or near "TABEL"', /migrations\/0001_a\.sql:3/]);
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.fine') AS t`)).toEqual([{ t: null }]);
});

test('an error that only the server finds: file, line, tenant, shard, position and hint', async () => {
  await fleet.writeMigration('0001_a.sql', 'CREATE TABLE fine ();\nSELECT lenght(1);');
  await expectFailure(['up', '--tenant', 'initech'], 20, [
    'function lenght(integer) does not exist',
    'initech',
    'shard3',
    'explicit type casts',
    /0001_a\.sql:2/,
    /2 \| SELECT lenght\(1\)\n\s*\^/,
  ]);
});

test('a migration that ends its transaction', async () => {
  await fleet.writeMigration('0001_a.sql', 'CREATE TABLE a ();\nCOMMIT;\nCREATE TABLE b ()');
  await expectFailure(['up'], 20, ['COMMIT', 'may not end it', /0001_a\.sql:2/]);
});

test('an outermost pair of BEGIN and COMMIT is dropped with a notice', async () => {
  await fleet.writeMigration('0001_a.sql', 'BEGIN;\nSELECT 1;\nCOMMIT;');
  const { code, stdout, stderr } = await cli('up', '--dry-run');
  expect(code).toBe(0);
  expect(stdout + stderr).toMatch(/0001_a.*BEGIN.*COMMIT/);
});

test('two migrations with one name', async () => {
  await fleet.writeMigration('0001_a.sql', 'SELECT 1');
  await fleet.writeMigration('0001_a.js', 'export const up = () => undefined;');
  await expectFailure(['up'], 20, ['0001_a', /0001_a\.js/, /0001_a\.sql/]);
});

test('a migration that was edited after it was applied, and one that is missing', async () => {
  await fleet.writeMigration('0001_a.sql', 'SELECT 1');
  expect(await cli('up')).toMatchObject({ code: 0 });
  await fleet.writeMigration('0001_a.sql', 'SELECT 2');
  await expectFailure(['up'], 20, [
    '0001_a was edited after it was applied (bluth_co, cyberdyne, dunder_mifflin and 1 more)',
    'restore the file',
  ]);
  await rm(`${fleet.dir}/migrations/0001_a.sql`);
  await expectFailure(['up'], 20, ['0001_a was applied, but its file is missing']);
  for (const shard of ['shard1', 'shard2', 'shard3']) await fleet.query(shard, 'DELETE FROM pgveneer.ledger');
});

test('a role that does not exist', async () => {
  await fleet.writeConfig(bookstoreYaml(fleet.name).replace('veneer_app:', 'nobody_here:'));
  await expectFailure(['setup'], 20, [
    `CREATE ROLE "nobody_here" LOGIN PASSWORD '…'`,
    'have a superuser run there',
  ]);
});

test('a tenant with a hostile name needs setup, and is then one like any other', async () => {
  const tenant = `O'Brien "x"`;
  await fleet.writeConfig(
    bookstoreYaml(fleet.name).replace('[initech]', JSON.stringify(['initech', tenant])),
  );
  await fleet.writeMigration('0001_a.sql', 'CREATE TABLE t (id int)');
  await expectFailure(['up', '--tenant', tenant], 20, [
    `shard3 has no schema ${tenant} for tenant ${tenant}`,
    'migrate setup',
  ]);
  expect(await cli('setup')).toMatchObject({ code: 0 });
  expect(await cli('up', '--tenant', tenant)).toMatchObject({ code: 0 });
  expect(await fleet.query('veneer', 'SELECT id FROM "O\'Brien ""x""".t', 'app')).toEqual([]);
});

test('a second runner', async () => {
  const { fleetKeys } = await import('../../src/postgres/fleet-keys.js');
  const client = await fleet.connect('veneer');
  await client.query(`SET application_name = 'pgv 1 up ann@laptop'`);
  await client.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(fleet.name).run]);
  await expectFailure(['up'], 30, [
    `another runner holds fleet ${fleet.name} on veneer: pgv 1 up ann@laptop`,
    /since 20\d\d-/,
  ]);
  await client.end();
});
