import { rm } from 'node:fs/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { runCli, type CliResult } from '../support/run-cli.js';
import { bookstoreYaml, makeProject, type TestProject } from '../support/test-project.js';

let project: TestProject;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: project.dir });

const DOWN = '\n-- Down Migration\nSELECT 1';

/** No variable is set, and the addresses of the fleet are nobody's. */
beforeEach(async () => {
  project = await makeProject(bookstoreYaml('x'), {});
  await project.writeMigration('0001_a.sql', `CREATE TABLE t (a int);${DOWN}`);
});

afterEach(() => project.remove());

test('the files are enough: neither a database nor a variable of shards.yaml is asked for', async () => {
  expect(await cli('lint')).toEqual({
    code: 0,
    signal: null,
    stdout: '1 migration: 0 warnings\n',
    stderr: '',
  });
});

test('shards.yaml says whether anybody writes through a veneer', async () => {
  const shards = 'fleet: x\nmigrations: ./migrations\nshards:\n  a: { url: "${A}", tenants: [t] }\n';
  await project.writeMigration('0002_b.sql', `CREATE TABLE u (id serial);${DOWN}`);
  expect(await cli('lint', '--fail-on', 'warning')).toMatchObject({ code: 20 });
  await project.writeConfig(shards);
  expect(await cli('lint', '--fail-on', 'warning')).toMatchObject({
    code: 0,
    stdout: '2 migrations: 0 warnings\n',
  });
});

test('a file that is named is told with line, reason and what to write instead', async () => {
  await project.writeMigration('0002_b.sql', `SELECT 1;\nALTER TABLE t ADD UNIQUE (a);${DOWN}`);
  const { code, stdout } = await cli('lint', 'migrations/0002_b.sql');
  expect(stdout.split('\n')).toEqual([
    'migrations/0002_b.sql:2  warning  builds an index: reads all of t under ACCESS EXCLUSIVE',
    expect.stringMatching(/^ {4}nobody reads or writes it meanwhile; the lock is held until all tenants/),
    expect.stringMatching(/^ {4}instead: CREATE \[UNIQUE\] INDEX CONCURRENTLY in a migration of its own/),
    '',
    '1 migration: 1 warning',
    '',
    'next: migrate rehearse',
    '',
  ]);
  expect(code).toBe(0);
  expect(await cli('lint', '--fail-on', 'warning', '0001_a')).toMatchObject({ code: 0 });
  expect(await cli('lint', '--fail-on', 'warning')).toMatchObject({
    code: 20,
    stdout: expect.stringContaining('next: migrate lint --fail-on warning\n'),
  });
});

test('what does not load ends with the code of up, and JSON has the same', async () => {
  await project.writeMigration('0002_b.sql', 'SELECT 1;\nVACUUM t');
  const [text, json] = [await cli('lint'), await cli('lint', '--json')];
  expect(text).toMatchObject({
    code: 20,
    stderr: '',
    stdout: expect.stringContaining(
      'error: VACUUM: it cannot run inside a transaction\n  at migrations/0002_b.sql:2:1\n  hint: mark the migration',
    ),
  });
  expect(json).toMatchObject({ code: 20, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({
    command: 'lint',
    fleet: 'x',
    exitCode: 20,
    next: 'migrate lint',
    migrations: [
      { migration: '0001_a', statements: [{ sql: 'CREATE TABLE t (a int)', line: 1, locks: [] }] },
    ],
    problems: [{ where: { migration: '0002_b', file: 'migrations/0002_b.sql', line: 2 } }],
  });
});

test('without a shards.yaml it is the folder migrations, unless a file is named that is not there', async () => {
  await rm(`${project.dir}/shards.yaml`);
  expect(await cli('lint')).toMatchObject({ code: 0, stdout: '1 migration: 0 warnings\n' });
  expect(await cli('lint', '-f', 'shards.yaml')).toMatchObject({ code: 78 });
  await rm(`${project.dir}/migrations`, { recursive: true });
  expect(await cli('lint')).toMatchObject({ code: 78, stderr: expect.stringContaining('no such file') });
});

test('the rest of shards.yaml has to be well formed, and the folder that it names has to be known', async () => {
  await project.writeConfig(`${bookstoreYaml('x')}rols: {}\n`);
  expect(await cli('lint')).toMatchObject({ code: 78, stderr: expect.stringContaining('unknown key') });
  await project.writeConfig(bookstoreYaml('x').replace('./migrations', '${FOLDER}'));
  expect(await cli('lint')).toMatchObject({
    code: 78,
    stderr: expect.stringContaining('migrations: the variable FOLDER is not set'),
  });
});

test.each([
  [['lint', '--fail-on', 'cosmetic'], '--fail-on takes error, warning, unknown, not cosmetic'],
  [['lint', '0001_b'], 'no migration is called 0001_b; did you mean 0001_a?'],
  [['lint', '--strict'], 'has no option --strict'],
])('%j is refused', async (args, message) => {
  expect(await cli(...args)).toMatchObject({ code: 64, stderr: expect.stringContaining(message) });
});
