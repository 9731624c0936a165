import { expect, test } from '@jest/globals';
import { fleetKeys } from '../../src/postgres/fleet-keys.js';
import { formatGid } from '../../src/protocol/run/gid.js';
import type { Report } from '../../src/report/reports.js';
import { urlWith } from '../../src/sandbox/databases.js';
import { logged } from '../support/logged.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const MEMBERS = ['veneer', 'shard1', 'shard2', 'shard3'];

const BOOKS =
  'CREATE TABLE books (id int PRIMARY KEY, title text, loud text GENERATED ALWAYS AS (upper(title)) STORED)';

/** Lets the commands connect as a role that may read everything and write nothing. */
async function readAs(role: string): Promise<void> {
  let config = bookstoreYaml(s.fleet.name);
  for (const member of MEMBERS) {
    await s.fleet.query(
      member,
      `CREATE ROLE ${role} LOGIN PASSWORD 'reading' IN ROLE pg_read_all_data`,
      'superuser',
    );
    const url = urlWith(s.fleet.urlOf(member), { user: role, password: 'reading' });
    config = config.replace(`\${${member.toUpperCase()}_URL}`, url);
  }
  await s.fleet.writeConfig(config);
}

const create = (role: string): string => `GRANT CREATE ON DATABASE "${s.fleet.database}" TO "${role}"`;

const forget = (role: string): Promise<unknown> =>
  Promise.all(MEMBERS.map((member) => s.fleet.query(member, `DROP ROLE ${role}`, 'superuser')));

const HOOLI = { action: 'add', names: ['hooli'], shard: 'shard2', dryRun: true } as const;

/** All that there is to be looked at without doing it, by what is typed. */
const DRY_RUNS: Readonly<Record<string, () => Promise<Report>>> = {
  setup: () => s.run.setup({ dryRun: true }),
  up: () => s.run.up({ dryRun: true }),
  down: () => s.run.down({ dryRun: true, yes: false }),
  redo: () => s.run.redo({ dryRun: true, yes: false }),
  sync: () => s.run.sync({ dryRun: true }),
  'sync --prune': () => s.run.sync({ dryRun: true, prune: true }),
  recover: () => s.run.recover({ dryRun: true }),
  'tenant add': () => s.run.tenant(HOOLI),
  'tenant add --like': () => s.run.tenant({ ...HOOLI, like: 'cyberdyne' }),
  'tenant drop': () =>
    s.run.tenant({ action: 'drop', name: 'cyberdyne', shard: null, yes: false, dryRun: true }),
  plan: () => s.run.plan(),
  why: () => s.run.why('cyberdyne'),
  'tenant list': () => s.run.tenant({ action: 'list' }),
  baseline: () => s.run.baseline(),
  doctor: () => s.run.doctor(),
};

/** Runs all of them; answers by name how each ended, what comes next and which problems it has. */
async function runDry(): Promise<Record<string, unknown>> {
  const ends: Record<string, unknown> = {};
  for (const [name, run] of Object.entries(DRY_RUNS)) {
    const { exitCode, next, problems } = await run();
    ends[name] = [exitCode, next, ...problems.map(({ message }) => message)];
  }
  return ends;
}

test('status, and every dry run, work with the rights of a reader, before setup and after, and write nothing', async () => {
  const role = `reader_${s.fleet.name}`;
  const written = await Promise.all(MEMBERS.map((member) => logged(s.fleet, member)));
  await s.write(`${BOOKS};\n-- Down Migration\nDROP TABLE books;`);
  await readAs(role);
  const early = await s.run.status();
  expect(early).toMatchObject({ exitCode: 11, next: 'migrate setup', problems: [], inDoubt: [] });
  expect(early.members.map(({ reachable, setUp }) => [reachable, setUp])).toEqual(
    MEMBERS.map(() => [true, false]),
  );
  expect(await runDry()).toEqual({
    setup: [0, 'migrate setup'],
    up: [0, 'migrate setup'],
    down: [0, null],
    redo: [0, null],
    sync: [0, null],
    'sync --prune': [0, null],
    recover: [0, null],
    'tenant add': [0, 'migrate setup'],
    'tenant add --like': [20, 'migrate setup', 'nobody can be made like cyberdyne: it has no migration yet'],
    'tenant drop': [0, null],
    plan: [0, 'migrate setup'],
    why: [0, null],
    'tenant list': [0, null],
    baseline: [0, 'migrate status'],
    // For whoever runs it: a reader may not set the fleet up.
    doctor: [20, 'migrate doctor'],
  });
  const planned = await s.run.setup({ dryRun: true });
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name));
  const done = await s.run.setup();
  // Who sets the fleet up may read its own tables: a reader would have to be told that the owner of the foreign tables may.
  const toOwner = / (?:SCHEMA pgveneer|pgveneer\.tenants) TO "veneer_admin"$/;
  expect(
    planned.members.map(({ statements }) => statements.filter((statement) => !toOwner.test(statement))),
  ).toEqual(done.members.map(({ statements }) => statements));
  expect(planned.members.map(({ member, state, forSuperuser }) => [member, state, forSuperuser])).toEqual([
    ...['shard1', 'shard2', 'shard3'].map((shard) => [shard, 'planned', [create(role)]]),
    ['veneer', 'planned', [`GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "${role}"`, create(role)]],
  ]);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  await readAs(`${role}_2`);
  expect(await runDry()).toEqual({
    setup: [0, 'migrate setup'],
    up: [0, null],
    down: [0, 'migrate down 1'],
    redo: [0, 'migrate redo 1'],
    sync: [0, null],
    'sync --prune': [0, null],
    recover: [0, null],
    'tenant add': [0, null],
    'tenant add --like': [0, null],
    'tenant drop': [0, null],
    plan: [0, null],
    why: [0, null],
    'tenant list': [0, null],
    baseline: [0, 'migrate status'],
    // Nor may it run what is to come.
    doctor: [20, 'migrate doctor'],
  });
  const again = await s.run.setup({ dryRun: true });
  expect(again.members.map(({ state, forSuperuser }) => [state, forSuperuser])).toEqual(
    MEMBERS.map(() => ['nothing to do', []]),
  );
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  const later = await s.run.status();
  expect(later).toMatchObject({ exitCode: 10, next: 'migrate up', drift: [], problems: [] });
  expect(later.notices).toEqual([
    expect.stringMatching(
      /^veneer: 6 user mappings are not readable by this user, and were not compared; .*it can after GRANT "veneer_app" TO "reader_/,
    ),
  ]);
  expect(await s.run.up({ dryRun: true })).toMatchObject({
    exitCode: 0,
    next: 'migrate up',
    shards: MEMBERS.slice(1).map((shard) => ({ shard, steps: [{ state: 'planned' }] })),
  });
  await s.fleet.query('shard1', 'ALTER TABLE bluth_co.books ADD COLUMN n int');
  const repair = await s.run.sync({ dryRun: true });
  expect(repair).toMatchObject({ exitCode: 0, next: 'migrate sync', veneers: [{ state: 'planned' }] });
  expect(repair.veneers[0]?.statements).toEqual([
    `ALTER FOREIGN TABLE "bluth_co"."books" ADD COLUMN "n" integer OPTIONS (column_name 'n')`,
  ]);
  for (const read of written) {
    const mine = (await read()).split(/\n(?=\d{4}-)/).filter((entry) => entry.includes('user=reader_'));
    expect(mine.length).toBeGreaterThan(5);
    // Our own tables are asked for without a look whether they are there: that takes one round trip.
    const told = mine.filter((entry) => !/relation "pgveneer\.\w+" does not exist/.test(entry));
    expect(told.filter((entry) => /ERROR|: +(CREATE|ALTER|INSERT|UPDATE|DELETE|GRANT)/.test(entry))).toEqual(
      [],
    );
  }
  await forget(role);
  await forget(`${role}_2`);
});

test('a shard and a veneer that cannot be reached are named, and the rest is shown', async () => {
  await s.start(BOOKS);
  const config = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(
    config.replace('${SHARD2_URL}', `postgres://a:secret-pw@localhost:1/${s.fleet.database}`),
  );
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 23, next: 'migrate status', drift: [] });
  expect(
    report.shards.map(({ reachable, tenants }) => [reachable, tenants.map(({ applied }) => applied)]),
  ).toEqual([
    [true, [1]],
    [false, [null, null]],
    [true, [1]],
  ]);
  expect(report.problems).toMatchObject([
    { where: { member: 'shard2' }, hint: expect.stringContaining('running') },
  ]);
  await s.fleet.writeConfig(
    config.replace('${VENEER_URL}', s.fleet.urlOf('veneer').replace(/:[^:@]*@/, ':wrong-pw@')),
  );
  const blind = await s.run.status();
  expect(blind).toMatchObject({
    exitCode: 23,
    problems: [{ hint: expect.stringContaining('check user and password') }],
  });
  expect(blind.shards.map(({ tenants }) => tenants[0]?.applied)).toEqual([1, 1, 1]);
  expect(JSON.stringify([report, blind])).not.toMatch(/secret-pw|wrong-pw/);
});

test('what is in doubt is shown with its age and ended by recover; definitions that it locks are not waited for', async () => {
  await s.start(BOOKS);
  const gid = formatGid({ fleet: s.fleet.name, step: 'x.1', nonce: 'ab', participant: 1, n: 2 });
  const client = await s.fleet.connect('shard2');
  await client.query(`BEGIN; ALTER TABLE cyberdyne.books ADD COLUMN isbn text; PREPARE TRANSACTION '${gid}'`);
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(report.inDoubt).toEqual([
    { member: 'shard2', step: 'x.1', gid, owner: 'bookstore_admin', ageSeconds: expect.any(Number) },
  ]);
  expect(report.notices).toContain(
    'shard2: another session locks a definition; nothing of shard2 was compared',
  );
  expect(report.shards.map(({ tenants }) => tenants[0]?.applied)).toEqual([1, 1, 1]);
  await client.query(`ROLLBACK PREPARED '${gid}'`);
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a table that somebody else locks is not taken for clean', async () => {
  await s.start(BOOKS);
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('lock_wait: 2s', 'lock_wait: 100ms'));
  const client = await s.fleet.connect('veneer');
  await client.query('BEGIN; ALTER FOREIGN TABLE initech.books RENAME title TO name');
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 23, drift: [], problems: [{ where: { member: 'veneer' } }] });
  expect(await s.run.sync({ dryRun: true }).catch((error: unknown) => error)).toMatchObject({
    facts: { exitCode: 20 },
  });
  await client.query('ROLLBACK');
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
});

test('a runner at work is a notice, and no one is kept waiting by it', async () => {
  await s.start(BOOKS);
  const client = await s.fleet.connect('veneer');
  await client.query('SELECT pg_advisory_lock($1::bigint)', [fleetKeys(s.fleet.name).run]);
  const report = await s.run.status();
  expect(report).toMatchObject({ exitCode: 0, drift: [] });
  expect(report.notices[0]).toMatch(/^a runner is at work on veneer \(test, since 20.*Z\)/);
});

test('an edited, a missing and a late migration are told with the tenants that have them', async () => {
  await s.start(BOOKS);
  await s.migrate('CREATE TABLE authors (id int)');
  await s.fleet.writeMigration('0001_change.sql', `${BOOKS}; SELECT 1`);
  await s.fleet.writeMigration('0001_later.sql', 'SELECT 1');
  const edited = await s.run.status();
  expect(edited.drift.map(({ kind, text }) => [kind, text])).toEqual([
    [
      'ledger',
      '0001_change was edited after it was applied (bluth_co, cyberdyne, dunder_mifflin and 1 more)',
    ],
    [
      'ledger',
      '0001_later sorts before a migration that was applied already (bluth_co, cyberdyne, dunder_mifflin and 1 more)',
    ],
  ]);
  // Not up, although 0001_later is pending: it would refuse.
  expect(edited).toMatchObject({ exitCode: 11, next: 'migrate status' });
  expect(await s.run.up()).toMatchObject({ exitCode: 20, shards: [{ state: 'not started' }, {}, {}] });
  await s.fleet.writeConfig(`${bookstoreYaml(s.fleet.name)}policy: { out_of_order: allow }\n`);
  await s.fleet.writeMigration('0001_change.sql', BOOKS);
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  const { rename } = await import('node:fs/promises');
  await rename(`${s.fleet.dir}/migrations/0002_change.sql`, `${s.fleet.dir}/gone.sql`);
  const missing = await s.run.status();
  expect(missing.drift).toMatchObject([
    { kind: 'ledger', object: '0002_change', text: expect.stringContaining('its file is missing') },
  ]);
});
