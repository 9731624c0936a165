import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { fleetKeys } from '../../src/postgres/fleet-keys.js';
import type { CheckName, DoctorCheck, DoctorReport } from '../../src/report/doctor.js';
import { urlWith } from '../../src/sandbox/databases.js';
import { startPooler } from '../protocol/pooler.js';
import { leaveAttempt } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

/** What a member's checks of that name found. */
const checksOf = ({ members }: DoctorReport, member: string, check: CheckName): readonly DoctorCheck[] =>
  members.find((one) => one.member === member)?.checks.filter((one) => one.check === check) ?? [];

/** Everything that is not ok, by member and check. */
const notOk = ({ machine, members }: DoctorReport): string[] =>
  [{ member: 'machine', checks: machine }, ...members].flatMap(({ member, checks }) =>
    checks
      .filter(({ outcome }) => outcome !== 'ok')
      .map(({ check, outcome }) => `${member}: ${check} ${outcome}`),
  );

/** What stands there always: veneer_admin may not become veneer_app. */
const UNTRIED = 'veneer: user mappings not asked';

const superuser = (member: string, sql: string): Promise<unknown> => s.fleet.query(member, sql, 'superuser');

const configure = (change: (yaml: string) => string): Promise<void> =>
  s.fleet.writeConfig(change(bookstoreYaml(s.fleet.name)));

test('before setup it names setup, and after it finds nothing; it writes nothing either time', async () => {
  const before = await s.run.doctor();
  expect(before).toMatchObject({ exitCode: 0, problems: [], next: 'migrate setup' });
  expect(notOk(before)).toEqual(
    ['veneer', 'shard1', 'shard2', 'shard3']
      .map((member) => `${member}: setup warning`)
      .concat(UNTRIED)
      .toSorted((a, b) => order(a) - order(b)),
  );
  const schemas = await s.fleet.query('shard1', `SELECT FROM pg_namespace WHERE nspname = 'bluth_co'`);
  expect(schemas).toEqual([]);
  await s.start('CREATE TABLE books (id int)');
  const after = await s.run.doctor();
  expect(after).toMatchObject({ exitCode: 0, problems: [], notices: [], next: null });
  expect(notOk(after)).toEqual([UNTRIED]);
  expect(checksOf(after, 'shard1', 'connection')).toMatchObject([
    { found: `as bookstore_admin, database ${s.fleet.database}` },
  ]);
  expect(checksOf(after, 'shard2', 'passwords')).toMatchObject([
    { found: 'accepted of bookstore_admin, bookstore_app' },
  ]);
  expect(after.members.map(({ checks }) => checks.map(({ check }) => check))).toEqual([
    [...SERVER, 'settings', 'postgres_fdw', 'setup', 'rights', 'owner', 'left prepared', 'user mappings'],
    ...[1, 2, 3].map(() => [...SERVER, 'settings', 'setup', 'rights', 'owner', 'passwords', 'left prepared']),
  ]);
});

const order = (text: string): number => (text.startsWith('veneer') ? 0 : 1);

const SERVER = ['connection', 'version', 'prepared transactions', 'connections', 'locks', 'clock'];

test('a member that does not answer is told, with what is not known of it, and the others are looked at', async () => {
  const wrong = urlWith(s.fleet.urlOf('shard2'), { password: 'secret-pw' });
  await configure((yaml) => yaml.replace('${SHARD2_URL}', wrong));
  const report = await s.run.doctor();
  expect(report).toMatchObject({
    exitCode: 23,
    next: 'migrate doctor',
    problems: [{ where: { member: 'shard2' } }],
  });
  expect(checksOf(report, 'shard2', 'connection')).toMatchObject([
    {
      outcome: 'failed',
      found: expect.stringContaining('password authentication failed'),
      cure: expect.stringContaining('.env'),
    },
  ]);
  const { checks, version } = report.members.find(({ member }) => member === 'shard2')!;
  expect(version).toBeNull();
  expect(new Set(checks.slice(1).map(({ outcome }) => outcome))).toEqual(new Set(['not asked']));
  expect(checksOf(report, 'shard3', 'setup')).toMatchObject([{ outcome: 'warning' }]);
  expect(JSON.stringify(report)).not.toContain('secret-pw');
});

test('two names for one database are told as a run tells them', async () => {
  const other = new URL(s.fleet.urlOf('shard2'));
  other.hostname = 'localhost';
  await configure((yaml) => yaml.replace('${SHARD3_URL}', other.href));
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 78 });
  expect(report.problems[0]?.message).toContain('are one database');
});

test('a role to work as that is not there, or not granted, is told as SQL', async () => {
  const role = `worker_${s.fleet.name}`;
  await configure((yaml) => yaml.replace('url: ${VENEER_URL}', `url: \${VENEER_URL}\n    role: ${role}`));
  const cure = async (): Promise<unknown> => checksOf(await s.run.doctor(), 'veneer', 'connection')[0]?.cure;
  expect(await cure()).toBe(`as a superuser there: CREATE ROLE "${role}"; GRANT "${role}" TO "veneer_admin"`);
  await superuser('veneer', `CREATE ROLE ${role}`);
  expect(await cure()).toBe(`as a superuser there: GRANT "${role}" TO "veneer_admin"`);
  await superuser('veneer', `GRANT ${role} TO veneer_admin`);
  expect(checksOf(await s.run.doctor(), 'veneer', 'connection')).toMatchObject([
    { outcome: 'ok', found: `as role ${role}, database ${s.fleet.database}` },
  ]);
  await superuser('veneer', `DROP ROLE ${role}`);
});

test.each(['shard1', 'veneer'])('%s behind a pooler in transaction mode', async (member) => {
  const pooler = await startPooler(s.fleet.urlOf(member));
  const url = new URL(s.fleet.urlOf(member));
  url.port = String(pooler.port);
  await configure((yaml) => yaml.replace(`\${${member.toUpperCase()}_URL}`, url.href));
  try {
    const report = await s.run.doctor();
    expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
    expect(checksOf(report, member, 'connection')).toEqual([
      {
        check: 'connection',
        outcome: 'failed',
        found: `${member} is reached through a pooler in transaction mode: two connections share one backend`,
        cure: 'point its url at PostgreSQL itself, or at a pool in session mode',
      },
    ]);
  } finally {
    await pooler.close();
  }
});

test('a veneer without postgres_fdw: the SQL that is told is all it takes', async () => {
  await superuser('veneer', 'DROP EXTENSION postgres_fdw');
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  const cures = [...checksOf(report, 'veneer', 'postgres_fdw'), ...checksOf(report, 'veneer', 'setup')];
  expect(cures).toMatchObject([
    { outcome: 'failed', cure: 'as a superuser there: CREATE EXTENSION postgres_fdw' },
    {
      outcome: 'failed',
      cure: 'as a superuser there: GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "veneer_admin"',
    },
  ]);
  for (const { cure } of cures) await superuser('veneer', cure!.replace(/^[^:]*: /, ''));
  expect(await s.run.doctor()).toMatchObject({ exitCode: 0, next: 'migrate setup' });
});

test('a server on which postgres_fdw is not installed is told apart', async () => {
  await superuser(
    'veneer',
    `DROP EXTENSION postgres_fdw; ALTER DATABASE ${s.fleet.database} SET extension_control_path = '/nowhere'`,
  );
  const report = await s.run.doctor();
  expect(report.exitCode).toBe(20);
  expect(checksOf(report, 'veneer', 'postgres_fdw')).toMatchObject([
    {
      outcome: 'failed',
      found: 'postgres_fdw is not installed on the server',
      cure: expect.stringContaining('contrib'),
    },
  ]);
  expect(checksOf(report, 'veneer', 'setup')).toMatchObject([{ outcome: 'not asked' }]);
});

test('rights and roles that setup would lack are told as SQL, and after it setup runs', async () => {
  const role = `app_${s.fleet.name}`;
  await configure((yaml) => yaml.replace('veneer_app:', `${role}:`));
  await superuser('shard2', `ALTER DATABASE ${s.fleet.database} OWNER TO postgres`);
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  expect(checksOf(report, 'veneer', 'setup')).toMatchObject([
    { outcome: 'failed', cure: `as a superuser there: CREATE ROLE "${role}" LOGIN PASSWORD '…'` },
  ]);
  const [right] = checksOf(report, 'shard2', 'setup');
  expect(right?.cure).toBe(
    `as a superuser there: GRANT CREATE ON DATABASE "${s.fleet.database}" TO "bookstore_admin"`,
  );
  await superuser('veneer', `CREATE ROLE ${role}`);
  await superuser('shard2', right!.cure!.replace(/^[^:]*: /, ''));
  expect(await s.run.doctor()).toMatchObject({ exitCode: 0, next: 'migrate setup' });
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  await superuser('veneer', `DROP OWNED BY ${role}; DROP ROLE ${role}`);
});

/** What a superuser has to run there, behind `as a superuser there: `. */
const sqlOf = ({ cure }: DoctorCheck): string => cure!.replace(/^[^:]*: /, '');

test('what a superuser has made, so that up would fail, is told with the GRANTs after which it does not', async () => {
  await s.start('CREATE TABLE books (id int)');
  const tables = await s.fleet.query(
    'shard2',
    `SELECT tablename FROM pg_tables WHERE schemaname = 'pgveneer'`,
  );
  await superuser(
    'shard2',
    `ALTER SCHEMA pgveneer OWNER TO postgres; ${tables.map(({ tablename }) => `ALTER TABLE pgveneer.${String(tablename)} OWNER TO postgres`).join('; ')}`,
  );
  await superuser(
    'shard3',
    'ALTER SCHEMA initech OWNER TO postgres; GRANT USAGE ON SCHEMA initech TO bookstore_admin',
  );
  await superuser(
    'veneer',
    'ALTER SCHEMA cyberdyne OWNER TO postgres; GRANT USAGE ON SCHEMA cyberdyne TO veneer_admin',
  );
  await s.fleet.writeMigration('2_more.sql', 'CREATE TABLE more (id int)');
  await expect(s.run.up()).rejects.toThrow('permission denied for schema pgveneer');
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  const found = ['shard2', 'shard3', 'veneer'].map(
    (member) => [member, checksOf(report, member, 'rights')] as const,
  );
  expect(found.map(([, checks]) => checks.map((one) => one.found))).toEqual([
    ['its user may not write in schema pgveneer, where a run records what it does'],
    ['its user may make nothing in schema initech'],
    ['its user may make nothing in schema cyberdyne'],
  ]);
  for (const [member, checks] of found) for (const one of checks) await superuser(member, sqlOf(one));
  expect(notOk(await s.run.doctor())).toEqual([UNTRIED]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('a table of a superuser is to be given away, and no GRANT makes one; what setup could not grant on it is told', async () => {
  await s.start('CREATE TABLE books (id int)');
  await superuser('shard2', 'CREATE TABLE cyberdyne."by hand" (id int)');
  expect(await s.run.setup()).toMatchObject({ exitCode: 20 });
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  const [owner, setup] = (['owner', 'setup'] as const).map((check) => checksOf(report, 'shard2', check)[0]!);
  expect([owner?.outcome, sqlOf(owner!)]).toEqual([
    'warning',
    'ALTER TABLE cyberdyne."by hand" OWNER TO "bookstore_admin"',
  ]);
  expect([setup?.outcome, sqlOf(setup!)]).toEqual([
    'failed',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA "cyberdyne" TO "bookstore_app"',
  ]);
  await superuser('shard2', sqlOf(setup!));
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  await superuser('shard2', sqlOf(owner!));
  expect(notOk(await s.run.doctor())).toEqual([UNTRIED]);
});

test('a server of a superuser is neither for setup nor for up; what is told makes it so', async () => {
  await s.start('CREATE TABLE books (id int)');
  await superuser('veneer', 'ALTER SERVER shard1_server OWNER TO postgres');
  await s.fleet.writeMigration('2_more.sql', 'CREATE TABLE more (id int)');
  expect(await s.run.setup()).toMatchObject({ exitCode: 20 });
  expect(await s.run.up()).toMatchObject({ exitCode: 20 });
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  const lacked = (['setup', 'rights'] as const).flatMap((check) => checksOf(report, 'veneer', check));
  expect(lacked.map((one) => [one.outcome, sqlOf(one)])).toEqual([
    ['failed', 'ALTER SERVER "shard1_server" OWNER TO "veneer_admin"'],
    ['failed', 'GRANT USAGE ON FOREIGN SERVER "shard1_server" TO "veneer_admin"'],
  ]);
  await superuser('veneer', sqlOf(lacked[0]!));
  expect(notOk(await s.run.doctor())).toEqual([UNTRIED]);
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('tables that somebody else owns, on a shard and on a veneer, are told with the GRANT that helps', async () => {
  await s.start('CREATE TABLE books (id int)');
  const owner = `owner_${s.fleet.name}`;
  for (const [member, what] of [
    ['shard2', 'TABLE cyberdyne.books'],
    ['veneer', 'FOREIGN TABLE initech.books'],
  ] as const) {
    const login = member === 'veneer' ? 'veneer_admin' : 'bookstore_admin';
    await superuser(member, `CREATE ROLE ${owner}; ALTER ${what} OWNER TO ${owner}`);
    const [found] = checksOf(await s.run.doctor(), member, 'owner');
    expect(found).toMatchObject({
      outcome: 'warning',
      found: `${login} may not alter what is not its own: 1 of ${owner} (${what.split(' ').at(-1)})`,
      cure: `as a superuser there: GRANT "${owner}" TO "${login}"`,
    });
    await superuser(member, found!.cure!.replace(/^[^:]*: /, ''));
    expect(notOk(await s.run.doctor()).filter((text) => text.includes('owner'))).toEqual([]);
    await superuser(member, `REASSIGN OWNED BY ${owner} TO ${login}; DROP ROLE ${owner}`);
  }
});

test('an extension that shards need and the veneer cannot be given fails; one that nobody uses yet is a warning', async () => {
  await configure((yaml) => `${yaml}\nextensions: [cube, pageinspect, nosuch]\n`);
  await s.run.setup();
  const told = async (): Promise<unknown> =>
    checksOf(await s.run.doctor(), 'veneer', 'extensions').map(({ outcome, found }) => `${outcome} ${found}`);
  const later = [
    'warning nosuch is not installed on the server, and a migration may use it',
    'warning pageinspect is not in this database, its user may not make it, and a migration may use it',
  ];
  expect(await told()).toEqual(later);
  await superuser('veneer', `REVOKE CREATE ON DATABASE ${s.fleet.database} FROM PUBLIC, veneer_admin`);
  await superuser('shard1', 'CREATE EXTENSION cube SCHEMA public');
  expect(await told()).toEqual([
    'failed veneer lacks extension cube, which the runner may not create there',
    ...later,
  ]);
  expect(await s.run.doctor()).toMatchObject({ exitCode: 20 });
  await superuser('veneer', 'CREATE EXTENSION cube; CREATE EXTENSION pageinspect');
  await configure((yaml) => `${yaml}\nextensions: [cube, pageinspect]\n`);
  expect(checksOf(await s.run.doctor(), 'veneer', 'extensions')).toMatchObject([{ outcome: 'ok' }]);
});

test.each([
  [
    'ALTER ROLE bookstore_admin IN DATABASE %',
    'ALTER ROLE "bookstore_admin" IN DATABASE "%" RESET session_replication_role',
  ],
  ['ALTER DATABASE %', 'ALTER DATABASE "%" RESET session_replication_role'],
])('a setting that harms a run is told with what takes it back: %s', async (where, cure) => {
  const here = (text: string): string => text.replace('%', s.fleet.database);
  await superuser('shard3', `${here(where)} SET session_replication_role = replica`);
  const report = await s.run.doctor();
  expect(report.exitCode).toBe(0);
  expect(checksOf(report, 'shard3', 'settings')).toMatchObject([
    {
      outcome: 'warning',
      found: expect.stringContaining('session_replication_role = replica: '),
      cure: here(cure),
    },
  ]);
  await superuser('shard3', here(cure));
  expect(checksOf(await s.run.doctor(), 'shard3', 'settings')).toMatchObject([
    { outcome: 'ok', found: 'none is in the way' },
  ]);
});

test('limits of a login or database that a run takes off itself are told as such', async () => {
  for (const [name, value] of [
    ['statement_timeout', '1s'],
    ['transaction_timeout', '1s'],
    ['idle_session_timeout', '1s'],
    ['synchronous_commit', 'off'],
    ['default_transaction_read_only', 'on'],
  ])
    await superuser('shard1', `ALTER DATABASE ${s.fleet.database} SET ${name} = '${value}'`);
  expect(checksOf(await s.run.doctor(), 'shard1', 'settings')).toMatchObject([
    {
      outcome: 'ok',
      found:
        'default_transaction_read_only = on, idle_session_timeout = 1000, statement_timeout = 1000, synchronous_commit = off, transaction_timeout = 1000: not for sessions of a run',
    },
  ]);
});

test('a password that a shard refuses fails, as setup does', async () => {
  await configure((yaml) => yaml.replace('${APP_PASSWORD_{shard}}', 'hush'));
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  for (const shard of ['shard1', 'shard2', 'shard3'])
    expect(checksOf(report, shard, 'passwords')).toMatchObject([
      { outcome: 'failed', found: `${shard} refuses the password of bookstore_app (role veneer_app)` },
    ]);
  expect(JSON.stringify(report)).not.toContain('hush');
});

test('a password that is refused where the veneer reaches the shard by another route tells nothing of it', async () => {
  await configure((yaml) =>
    yaml.replace('${APP_PASSWORD_{shard}}', 'hush').replace('port: "${SHARD1_PORT}"', 'port: "1"'),
  );
  const report = await s.run.doctor(['shard1']);
  expect(report).toMatchObject({ exitCode: 0, next: 'migrate setup' });
  expect(checksOf(report, 'shard1', 'passwords')).toMatchObject([
    {
      outcome: 'not asked',
      found: expect.stringMatching(/^whether role veneer_app can log in as bookstore_app could not be tried/),
    },
  ]);
});

test('a user mapping that leads nowhere from the veneer fails, with what PostgreSQL says', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('veneer', `ALTER SERVER shard3_server OPTIONS (SET port '1')`);
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate doctor' });
  expect(checksOf(report, 'veneer', 'user mappings')).toMatchObject([
    {
      outcome: 'failed',
      found: expect.stringMatching(
        /^user mapping for veneer_admin on shard3_server: a read by it fails: could not connect to server "shard3_server"/,
      ),
    },
    { outcome: 'not asked' },
  ]);
  await s.run.setup();
  expect(await s.run.doctor()).toMatchObject({ exitCode: 0 });
});

test('what a crash left prepared is told, unless a run is at work, and so is recover', async () => {
  await s.start('CREATE TABLE books (id int)');
  await leaveAttempt(s.fleet, { parts: [{ member: 'shard2', state: 'prepared' }], intent: false });
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(checksOf(report, 'shard2', 'left prepared')).toMatchObject([
    { outcome: 'failed', found: expect.stringMatching(/^1 of this fleet/), cure: 'migrate recover' },
  ]);
  const runner = await s.fleet.connect('shard2');
  await runner.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(s.fleet.name).run]);
  expect(checksOf(await s.run.doctor(), 'shard2', 'left prepared')).toMatchObject([
    { outcome: 'ok', found: '1 of a run that is at work' },
  ]);
  await runner.query('SELECT pg_advisory_unlock_all()');
  expect(await s.run.recover()).toMatchObject({ exitCode: 0 });
  await s.fleet.query('shard2', `BEGIN; SELECT txid_current(); PREPARE TRANSACTION 'of_${s.fleet.name}'`);
  const others = await s.run.doctor();
  expect(others).toMatchObject({ exitCode: 0, next: null });
  expect(checksOf(others, 'shard2', 'left prepared')).toMatchObject([
    { outcome: 'ok', found: '1 of others, not for long yet' },
  ]);
});

test('--shard looks at the veneers and some shards; a glob of none is refused', async () => {
  await configure((yaml) => yaml.replace('${SHARD2_URL}', 'postgres://a:b@localhost:1/x'));
  const report = await s.run.doctor(['shard[13]', 'shard3']).catch((error: unknown) => error);
  expect(report).toMatchObject({ facts: { exitCode: 64 } });
  const some = await s.run.doctor(['shard3']);
  expect(some).toMatchObject({ exitCode: 0 });
  expect(some.members.map(({ member }) => member)).toEqual(['veneer', 'shard3']);
});

test('an env file with a wrong port is told by the network, and nothing else of that member', async () => {
  const file = join(s.fleet.dir, '.env');
  const env = await readFile(file, 'utf8');
  const url = new URL(s.fleet.urlOf('veneer'));
  url.port = '1';
  await writeFile(file, env.replace(s.fleet.urlOf('veneer'), url.href));
  const report = await s.run.doctor();
  expect(report).toMatchObject({ exitCode: 23, next: 'migrate doctor' });
  expect(checksOf(report, 'veneer', 'connection')).toMatchObject([
    { cure: 'is the server running, and the port right?' },
  ]);
});

test('whoever may log in and nothing else is told what is not known, and why', async () => {
  await s.start('CREATE TABLE books (id int)');
  const role = `guest_${s.fleet.name}`;
  for (const member of ['veneer', 'shard1']) {
    await superuser(member, `CREATE ROLE ${role} LOGIN PASSWORD 'guest'`);
    const url = urlWith(s.fleet.urlOf(member), { user: role, password: 'guest' });
    await s.fleet.writeConfig((await s.fleet.readConfig()).replace(`\${${member.toUpperCase()}_URL}`, url));
  }
  const report = await s.run.doctor(['shard1']);
  expect(report).toMatchObject({ exitCode: 20, problems: [] });
  expect(notOk(report)).toEqual([
    'veneer: setup not asked',
    'veneer: rights failed',
    'veneer: rights failed',
    'veneer: rights failed',
    'veneer: owner warning',
    'veneer: user mappings not asked',
    'veneer: user mappings not asked',
    'shard1: setup not asked',
    'shard1: rights failed',
    'shard1: rights failed',
    'shard1: owner warning',
  ]);
  expect(checksOf(report, 'shard1', 'setup')).toMatchObject([
    { found: expect.stringContaining('permission denied for schema pgveneer') },
  ]);
  for (const member of ['veneer', 'shard1']) await superuser(member, `DROP ROLE ${role}`);
});
