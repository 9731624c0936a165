import { expect, test } from '@jest/globals';
import { openSession } from '../../src/postgres/session.js';
import { startBudget } from '../../src/protocol/lane/budget.js';
import type { Crew } from '../../src/protocol/lane/lane.js';
import { rehearsalCrew } from '../../src/protocol/rehearsal/rehearsal-crew.js';
import { Secret } from '../../src/secret.js';
import { fingerprint } from '../support/fingerprint.js';
import { holdAt } from '../support/hold.js';
import { leaveAttempt } from '../support/leave-attempt.js';
import { runCli } from '../support/run-cli.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario({
  config: (name) =>
    bookstoreYaml(name).replace('cyberdyne, dunder_mifflin', 'cyberdyne, dunder_mifflin, hooli'),
});

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';

test('several migrations that build on each other run for real, on shards and veneer, and nothing of them is left', async () => {
  await s.start(`${BOOKS}; CREATE TYPE mood AS ENUM ('sad', 'glad'); ALTER TABLE books ADD COLUMN mood mood`);
  await s.fleet.query('veneer', 'CREATE VIEW bluth_co.titles AS SELECT id, title FROM bluth_co.books');
  await s.write(
    "CREATE TABLE authors (id int PRIMARY KEY, name text); ALTER TYPE mood RENAME VALUE 'sad' TO 'blue'",
  );
  await s.write(
    'ALTER TABLE authors RENAME COLUMN name TO full_name; ALTER TABLE books ADD COLUMN author int',
  );
  await s.write("ALTER TYPE mood RENAME VALUE 'blue' TO 'low'; ALTER TABLE authors RENAME TO writers");
  await s.write(
    'ALTER TABLE books ALTER COLUMN title TYPE varchar(80)\n-- Verify\nSELECT count(*) = 0 FROM writers',
  );
  await s.fleet.writeMigration('shard/0006_shared.sql', 'CREATE TABLE public.shared (id int)');
  await s.fleet.writeMigration(
    'veneer/0007_all.sql',
    'CREATE VIEW public.everybody AS SELECT full_name FROM bluth_co.writers',
  );
  const before = await fingerprint(s.fleet);
  const report = await s.run.rehearse();
  expect(report).toMatchObject({ exitCode: 0, problems: [], next: 'migrate up', moved: [] });
  expect(report.steps.map(({ migration, state }) => `${migration} ${state}`)).toEqual([
    '0002_change rehearsed',
    '0003_change rehearsed',
    '0004_change rehearsed',
    '0005_change rehearsed',
    'shard/0006_shared rehearsed',
    'veneer/0007_all rehearsed',
  ]);
  expect(await fingerprint(s.fleet)).toEqual(before);
  const rehearsed = report.steps.map(({ members }) =>
    members.flatMap(({ statements }) => statements).filter((sql) => !/cyberdyne|initech/.test(sql)),
  );
  const up = await s.run.up();
  expect(up).toMatchObject({ exitCode: 0, problems: [] });
  const ran = up.shards[0]?.steps.map(({ veneerStatements }) => veneerStatements['veneer'] ?? []) ?? [];
  expect(rehearsed.slice(0, 4)).toEqual(ran.slice(0, 4));
  expect(ran[1]).toContainEqual(expect.stringContaining('RENAME COLUMN'));
  expect(await s.run.rehearse()).toMatchObject({ steps: [], next: null, exitCode: 0 });
});

test('one tenant of each shape on each shard; those that were named, or all, where that is asked for', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', 'CREATE INDEX ON hooli.books (title)');
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  const whom = async (options: Parameters<typeof s.run.rehearse>[0]): Promise<unknown> =>
    (await s.run.rehearse(options)).tenants.map(({ tenant, standsFor }) =>
      [tenant, ...standsFor].join(' for '),
    );
  expect(await whom({})).toEqual(['bluth_co', 'cyberdyne for dunder_mifflin', 'hooli', 'initech']);
  expect(await whom({ whom: 'all tenants' })).toHaveLength(5);
  expect(await whom({ tenants: ['*i*'] })).toEqual(['dunder_mifflin', 'hooli', 'initech']);
  expect(await whom({ exceptTenants: ['hooli'], shards: ['shard2'] })).toEqual([
    'cyberdyne for dunder_mifflin',
  ]);
  await s.fleet.query('veneer', 'ALTER FOREIGN TABLE dunder_mifflin.books ALTER COLUMN title SET NOT NULL');
  expect(await whom({ shards: ['shard2'] })).toEqual(['cyberdyne', 'dunder_mifflin', 'hooli']);
});

test('a migration that fails names all tenants in which it does, on all shards, and leaves nothing', async () => {
  await s.start(BOOKS);
  for (const tenant of ['cyberdyne', 'hooli'])
    await s.fleet.query('shard2', `INSERT INTO ${tenant}.books VALUES (1)`);
  await s.fleet.query('shard3', `INSERT INTO initech.books VALUES (1)`);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  const name = await s.write(
    'UPDATE books SET isbn = id;\nALTER TABLE books ALTER COLUMN title SET NOT NULL',
  );
  const verified = await s.write('-- Verify\nSELECT true');
  const before = await fingerprint(s.fleet);
  const report = await s.run.rehearse({ whom: 'all tenants' });
  expect(report).toMatchObject({ exitCode: 20, next: 'migrate rehearse' });
  expect(report.problems.map(({ where }) => where)).toEqual(
    [
      ['shard2', 'cyberdyne'],
      ['shard2', 'hooli'],
      ['shard3', 'initech'],
    ].map(([member, tenant]) => ({
      member,
      tenant,
      migration: name,
      file: `migrations/${name}.sql`,
      line: 2,
    })),
  );
  expect(report.steps.map(({ state }) => state)).toEqual(['rehearsed', 'failed', 'not started']);
  expect(await fingerprint(s.fleet)).toEqual(before);
  await s.fleet.writeMigration(`${name}.sql`, 'SELECT 1');
  await s.fleet.writeMigration(`${verified}.sql`, '-- Verify\nSELECT count(*) = 0 FROM books');
  const again = await s.run.rehearse({ whom: 'all tenants' });
  expect(again.steps.map(({ state }) => state)).toEqual(['rehearsed', 'rehearsed', 'failed']);
  expect(again.problems).toHaveLength(3);
  expect(again.problems[0]).toMatchObject({ message: expect.stringContaining('does not hold') });
  expect(await fingerprint(s.fleet)).toEqual(before);
});

test('locks by kind, rewrites and times of each migration; a sequence that moved is named', async () => {
  await s.start(`${BOOKS}; CREATE TABLE orders (id serial PRIMARY KEY)`);
  await s.write('ALTER TABLE books ALTER COLUMN id TYPE bigint; INSERT INTO orders DEFAULT VALUES');
  await s.write('CREATE INDEX ON orders (id)');
  const report = await s.run.rehearse({ shards: ['shard1'] });
  expect(report.steps[0]?.members).toMatchObject([
    {
      member: 'shard1',
      part: 'runs',
      tenants: ['bluth_co'],
      ms: expect.any(Number),
      rewrites: ['bluth_co.books'],
      locks: [
        { relation: 'bluth_co.books', mode: 'ACCESS EXCLUSIVE' },
        { relation: 'bluth_co.orders', mode: 'ROW EXCLUSIVE' },
      ],
    },
    {
      member: 'veneer',
      part: 'follows',
      statements: [expect.stringContaining('ALTER COLUMN "id" TYPE bigint')],
      locks: [
        { relation: 'bluth_co.books', mode: 'ACCESS EXCLUSIVE' },
        { relation: 'bluth_co.orders', mode: 'ACCESS EXCLUSIVE' },
      ],
    },
  ]);
  expect(report.steps[1]?.members).toMatchObject([
    { locks: [{ relation: 'bluth_co.orders', mode: 'SHARE' }] },
  ]);
  expect(report.moved).toEqual([{ member: 'shard1', sequence: 'bluth_co.orders_id_seq' }]);
  expect(report.notices).toContainEqual(expect.stringContaining('bluth_co.orders_id_seq has moved'));
});

test('it says first what it locks and that it rolls back', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  const seen: string[] = [];
  const hold = holdAt('before begin:shard1');
  const running = s
    .runWith({
      at: hold.at,
      onProgress: (event) => void (event.type === 'notice' && seen.push(event.text)),
    })
    .rehearse();
  await hold.reached;
  expect(seen).toEqual([
    '1 migration runs now for 3 tenants on shard1, shard2, shard3, veneer, and everything is rolled back',
    expect.stringMatching(
      /^locked until then, .*: books \(ACCESS EXCLUSIVE\); for 30000 ms at most .* 2000 ms/,
    ),
  ]);
  hold.release();
  expect(await running).toMatchObject({ exitCode: 0 });
});

test('what cannot be rolled back is named as not rehearsed, and so is what may need it', async () => {
  await s.start(BOOKS);
  await s.fleet.writeMigration(
    '0002_alone.sql',
    '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY one ON books (title)',
  );
  await s.fleet.writeMigration(
    '0003_needs.sql',
    'ALTER TABLE books ADD CONSTRAINT one UNIQUE USING INDEX one',
  );
  const report = await s.run.rehearse();
  expect(report.steps.map(({ migration, state }) => `${migration} ${state}`)).toEqual([
    '0002_alone not rehearsed',
    '0003_needs failed',
  ]);
  expect(report.problems[0]?.detail).toContain('not rehearsed: 0002_alone');
  expect(report.notices).toContainEqual(expect.stringContaining('0002_alone runs without a transaction'));
  expect(await s.run.rehearse({ limit: { kind: 'count', count: 1 } })).toMatchObject({ exitCode: 0 });
});

test('a fleet that was never set up, one in doubt, and one with a runner are told what to type', async () => {
  await s.write(BOOKS);
  const bare = await fingerprint(s.fleet);
  expect(await s.run.rehearse()).toMatchObject({ exitCode: 20, next: 'migrate setup', steps: [] });
  expect(await fingerprint(s.fleet)).toEqual(bare);
  await s.run.setup();
  const hold = holdAt('before rollback');
  const running = s.runWith({ at: hold.at }).rehearse();
  await hold.reached;
  for (const command of ['rehearse', 'up'] as const)
    await expect(s.run[command]()).rejects.toMatchObject({ facts: { exitCode: 30 } });
  hold.release();
  expect(await running).toMatchObject({ exitCode: 0 });
  await leaveAttempt(s.fleet, {
    parts: [
      { member: 'shard1', state: 'prepared' },
      { member: 'veneer', state: 'prepared' },
    ],
    intent: true,
  });
  const doubtful = await fingerprint(s.fleet);
  expect(await s.run.rehearse()).toMatchObject({ exitCode: 22, next: 'migrate recover' });
  expect(await fingerprint(s.fleet)).toEqual(doubtful);
});

test('a lock that is not to be had is tried for again, veneer first, and then named with its holder', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  await s.write('ALTER TABLE books ADD COLUMN pages int');
  const yaml = await s.fleet.readConfig();
  await s.fleet.writeConfig(yaml.replace(/lock_wait: .*s, l/, 'lock_wait: 150ms, retries: 1, l'));
  const holder = await s.fleet.connect('veneer', 'app');
  await holder.query(`SET application_name = 'shop'; BEGIN; SELECT * FROM bluth_co.books`);
  const before = await fingerprint(s.fleet);
  const report = await s.run.rehearse();
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: expect.stringContaining('in each of 2 attempts'),
        detail: expect.stringContaining('blocked by'),
      },
    ],
  });
  expect(await fingerprint(s.fleet)).toEqual(before);
  await holder.query('COMMIT');
  expect(await s.run.rehearse()).toMatchObject({ exitCode: 0, problems: [] });
});

test.each(['after statements:shard2', 'after statements:veneer', 'before rollback'])(
  'killed %s it leaves nothing that anybody would have to settle',
  async (point) => {
    await s.start(BOOKS);
    await s.write('ALTER TABLE books ADD COLUMN isbn text');
    const before = await fingerprint(s.fleet);
    const died = await runCli(['rehearse'], { cwd: s.fleet.dir, env: { PGVENEER_TEST_CRASH_AT: point } });
    expect(died.signal).toBe('SIGKILL');
    const whole = await runCli(['rehearse', '--json'], { cwd: s.fleet.dir });
    expect(JSON.parse(whole.stdout)).toMatchObject({ command: 'rehearse', exitCode: 0, problems: [] });
    expect(await fingerprint(s.fleet)).toEqual(before);
  },
);

test('its transaction cannot be committed, and what comes after it cannot write', async () => {
  await s.run.setup();
  const session = await openSession({
    member: 'shard1',
    url: new Secret(s.fleet.urlOf('shard1')),
    applicationName: 'test',
  });
  try {
    const base = { run: { at: async () => undefined }, session: async () => session } as unknown as Crew;
    const crew = rehearsalCrew(base, startBudget({ lockWaitMs: 1000, lockHoldMs: 10_000 }));
    await (await crew.session('shard1')).run('CREATE TABLE bluth_co.left_over (id int)');
    await expect(session.run('COMMIT')).rejects.toMatchObject({
      message: expect.stringContaining('division by zero'),
    });
    await expect(session.run('CREATE TABLE bluth_co.after (id int)')).rejects.toMatchObject({
      facts: { sqlstate: '25006' },
    });
    await expect(crew.session('shard1')).rejects.toMatchObject({
      message: expect.stringContaining('ends the transaction'),
    });
    expect(await session.query(`SELECT to_regclass('bluth_co.left_over') AS t`)).toEqual([{ t: null }]);
  } finally {
    await session.close();
  }
});
