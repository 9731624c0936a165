import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

const schemasOf = async (member: string): Promise<unknown[]> =>
  (
    await s.fleet.query(member, `SELECT nspname::text AS name FROM pg_namespace WHERE oid > 16384 ORDER BY 1`)
  ).map(({ name }) => name);

test('a role that does not exist is told as SQL for a superuser, and its member is left as it is', async () => {
  const role = `app_${s.fleet.name}`;
  const config = bookstoreYaml(s.fleet.name);
  await s.fleet.writeConfig(config.replace('user: bookstore_app', `user: ${role}`));
  const onShard = await s.run.setup();
  expect(onShard).toMatchObject({ exitCode: 20, next: 'migrate setup' });
  expect(onShard.members[0]).toMatchObject({
    state: 'failed',
    statements: [],
    forSuperuser: [`CREATE ROLE "${role}" LOGIN PASSWORD '…'`],
    problem: { where: { member: 'shard1' }, hint: expect.stringContaining('CREATE ROLE') },
  });
  expect(await schemasOf('shard1')).toEqual([]);
  await s.fleet.writeConfig(
    config.replace('veneer_app:', `${role}:`).replace('[initech]', '[initech, hooli]'),
  );
  const onVeneer = await s.run.setup();
  expect(onVeneer.members[3]).toMatchObject({
    state: 'failed',
    forSuperuser: [`CREATE ROLE "${role}" LOGIN PASSWORD '…'`],
  });
  expect(await schemasOf('veneer')).not.toContain('hooli');
  await s.fleet.query('veneer', `CREATE ROLE ${role}`, 'superuser');
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  await s.fleet.query('veneer', `DROP OWNED BY ${role}; DROP ROLE ${role}`, 'superuser');
});

test('a veneer without postgres_fdw, and no right to create it: the SQL that a superuser runs is all it takes', async () => {
  await s.fleet.query('veneer', 'DROP EXTENSION postgres_fdw', 'superuser');
  const report = await s.run.setup();
  const veneer = report.members[3];
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'veneer' } }] });
  expect(veneer?.forSuperuser).toEqual([
    'CREATE EXTENSION postgres_fdw',
    'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "veneer_admin"',
  ]);
  expect(await schemasOf('veneer')).toEqual([]);
  await s.fleet.query('veneer', veneer?.forSuperuser.join(';') ?? '', 'superuser');
  await s.start('CREATE TABLE books (id int)');
});

test('a server on which postgres_fdw is not installed is told apart', async () => {
  await s.fleet.query(
    'veneer',
    `DROP EXTENSION postgres_fdw; ALTER DATABASE ${s.fleet.database} SET extension_control_path = '/nowhere'`,
    'superuser',
  );
  expect((await s.run.setup()).problems).toMatchObject([
    { message: 'postgres_fdw is not installed on the server', exitCode: 20, where: { member: 'veneer' } },
  ]);
});

test('a right to create in a database that is missing is told as SQL', async () => {
  await s.fleet.query('shard2', `ALTER DATABASE ${s.fleet.database} OWNER TO postgres`, 'superuser');
  const report = await s.run.setup();
  expect(report.members.map(({ state }) => state)).toEqual(['done', 'failed', 'done', 'done']);
  const [sql = ''] = report.members[1]?.forSuperuser ?? [];
  expect(sql).toBe(`GRANT CREATE ON DATABASE "${s.fleet.database}" TO "bookstore_admin"`);
  await s.fleet.query('shard2', sql, 'superuser');
  await s.start('CREATE TABLE books (id int)');
});

test('a dry run lists what a superuser has to run first, and what setup runs then', async () => {
  const role = `app_${s.fleet.name}`;
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('veneer_app:', `${role}:`));
  await s.fleet.query('shard2', `ALTER DATABASE ${s.fleet.database} OWNER TO postgres`, 'superuser');
  await s.fleet.query('veneer', 'DROP EXTENSION postgres_fdw', 'superuser');
  const planned = await s.run.setup({ dryRun: true });
  expect(planned).toMatchObject({ exitCode: 0, problems: [], next: 'migrate setup' });
  expect(planned.members.map(({ state }) => state)).toEqual(Array(4).fill('planned'));
  expect(planned.members.map(({ forSuperuser }) => forSuperuser)).toEqual([
    [],
    [`GRANT CREATE ON DATABASE "${s.fleet.database}" TO "bookstore_admin"`],
    [],
    [
      'CREATE EXTENSION postgres_fdw',
      `CREATE ROLE "${role}" LOGIN PASSWORD '…'`,
      'GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO "veneer_admin"',
    ],
  ]);
  expect(planned.notices.map((notice) => notice.split(':')[0])).toEqual(['shard2', 'veneer']);
  expect(await schemasOf('shard2')).toEqual([]);
  for (const { member, forSuperuser } of planned.members)
    for (const sql of forSuperuser) await s.fleet.query(member, sql, 'superuser');
  const done = await s.run.setup();
  expect(done).toMatchObject({ exitCode: 0 });
  expect(done.members.map(({ statements }) => statements)).toEqual(
    planned.members.map(({ statements }) => statements),
  );
  await s.fleet.query('veneer', `DROP OWNED BY ${role}; DROP ROLE ${role}`, 'superuser');
});

test('a right to create that is missing is no failure where everything is there', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query('shard2', `ALTER DATABASE ${s.fleet.database} OWNER TO postgres`, 'superuser');
  expect((await s.run.setup()).members[1]).toMatchObject({ state: 'nothing to do', forSuperuser: [] });
});

test('the application may use what was there before setup, and what migrations make later, on both sides', async () => {
  await s.fleet.query(
    'shard1',
    'CREATE SCHEMA bluth_co; CREATE TABLE bluth_co.old (id int); CREATE SEQUENCE bluth_co.numbers',
  );
  await s.run.setup();
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  await s.migrate(
    'CREATE TABLE books (id serial, title text); CREATE VIEW titles AS SELECT title FROM books',
  );
  for (const member of ['veneer', 'shard1']) {
    await s.fleet.query(
      member,
      `INSERT INTO bluth_co.books VALUES (1, 'a'); UPDATE bluth_co.books SET title = 'b'`,
      'app',
    );
    expect(await s.fleet.query(member, 'SELECT DISTINCT title FROM bluth_co.titles', 'app')).toEqual([
      { title: 'b' },
    ]);
    expect(await s.fleet.query(member, 'DELETE FROM bluth_co.books RETURNING id', 'app')).toHaveLength(1);
    expect(await s.fleet.query(member, 'SELECT id FROM bluth_co.old', 'app')).toEqual([]);
  }
  await s.fleet.query(
    'shard1',
    `SELECT nextval('bluth_co.books_id_seq'), nextval('bluth_co.numbers')`,
    'app',
  );
  await expect(s.fleet.query('shard1', 'TRUNCATE bluth_co.books', 'app')).rejects.toThrow(
    'permission denied',
  );
  await expect(s.fleet.query('shard1', 'CREATE TABLE bluth_co.mine ()', 'app')).rejects.toThrow(
    'permission denied',
  );
});

test('a shard that is down leaves the others set up, and says so', async () => {
  const config = bookstoreYaml(s.fleet.name).replace(
    'url: ${SHARD2_URL}',
    'url: postgres://a:secret-pw@localhost:1/x',
  );
  await s.fleet.writeConfig(config);
  const report = await s.run.setup();
  expect(report.members.map(({ state }) => state)).toEqual(['done', 'failed', 'done', 'done']);
  expect(report).toMatchObject({ exitCode: 23, problems: [{ where: { member: 'shard2' } }] });
  expect(JSON.stringify(report)).not.toContain('secret-pw');
});
