import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { fleetKeys } from '../../src/postgres/fleet-keys.js';
import { withSuperuser } from '../../src/sandbox/databases.js';
import type { StatusReport } from '../../src/report/status.js';
import { logged } from '../support/logged.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

/** A role of the veneer that its administrator may become. */
const roleOf = (fleet: string): string => `reader_${fleet}`;

const s = scenario({
  config: (fleet) =>
    bookstoreYaml(fleet).replace(
      '\nrollout:',
      `  ${roleOf(fleet)}: { user: bookstore_app, password: "\${APP_PASSWORD_{shard}}", grant: [select] }\n\nrollout:`,
    ),
});

const onVeneerServer = async (sql: string): Promise<void> => {
  const [veneer] = s.fleet.servers;
  if (veneer === undefined) throw new Error('no veneer');
  await withSuperuser(veneer, 'postgres', async (session) => void (await session.run(sql)));
};

beforeEach(async () => {
  await onVeneerServer(`CREATE ROLE ${roleOf(s.fleet.name)}`);
  await onVeneerServer(`GRANT ${roleOf(s.fleet.name)} TO veneer_admin`);
  await s.start('CREATE TABLE books (id int)');
});

afterEach(() => onVeneerServer(`DROP ROLE ${roleOf(s.fleet.name)}`));

const statesOf = ({ mappings }: StatusReport): unknown[] =>
  mappings
    .filter(({ shard }) => shard === 'shard3')
    .map(({ role, definition, works }) => [role.replace(s.fleet.name, 'fleet'), definition, works]);

test('a user mapping is compared where it can be read, and tried where its role can be SET; nothing of it is called clean else', async () => {
  const log = await logged(s.fleet, 'shard3');
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 0, drift: [] });
  expect(statesOf(report)).toEqual([
    ['veneer_admin', 'same', 'yes'],
    ['veneer_app', 'not readable', 'not probed'],
    ['reader_fleet', 'not readable', 'yes'],
  ]);
  expect(report.notices).toEqual([
    'veneer: 6 user mappings are not readable by this user, and were not compared; 3 of them work; whether 3 of them work was not probed: this user cannot SET ROLE to it; it can after GRANT "veneer_app" TO "veneer_admin"',
  ]);
  const reads = (await log()).split('\n').filter((line) => line.includes('FROM initech.books LIMIT 1'));
  expect(reads).toHaveLength(2);
});

test('one that does not work is drift, with what PostgreSQL says, though nobody can read it', async () => {
  const role = roleOf(s.fleet.name);
  await s.fleet.query('veneer', `ALTER USER MAPPING FOR ${role} SERVER shard3_server OPTIONS (SET password 'hush')`); // prettier-ignore
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 11, next: 'migrate setup', problems: [] });
  expect(report.drift).toMatchObject([
    {
      kind: 'user mapping',
      grade: 'error',
      where: { veneer: 'veneer', shard: 'shard3' },
      object: `user mapping for ${role} on shard3_server`,
      text: expect.stringContaining('password authentication failed for user "bookstore_app"'),
      cure: 'migrate setup',
    },
  ]);
  expect(JSON.stringify(report)).not.toContain('hush');
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});

test('one whose user may not read on the shard is drift, and a role that may read nothing is not probed', async () => {
  const role = roleOf(s.fleet.name);
  await s.fleet.query('veneer', `ALTER USER MAPPING FOR ${role} SERVER shard3_server OPTIONS (SET user 'veneer_admin')`); // prettier-ignore
  await s.fleet.query('shard3', 'REVOKE SELECT ON initech.books FROM bookstore_app');
  await s.run.setup({ dryRun: true });
  expect(statesOf(await s.run.status()).at(-1)).toEqual(['reader_fleet', 'not readable', 'no']);
  await s.fleet.query('veneer', `REVOKE SELECT ON initech.books FROM ${role}`);
  expect(statesOf(await s.run.status()).at(-1)).toEqual(['reader_fleet', 'not readable', 'not probed']);
});

test('while a run is at work nothing is probed', async () => {
  const client = await s.fleet.connect('veneer');
  await client.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(s.fleet.name).run]);
  const log = await logged(s.fleet, 'shard3');
  expect(statesOf(await s.run.status()).map((state) => (state as string[])[2])).toEqual(Array(3).fill('not probed')); // prettier-ignore
  expect(await log()).not.toContain('FROM initech.books');
  await client.query('SELECT pg_advisory_unlock_all()');
});
