import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { init } from '../../../src/commands/init/init.js';
import { ENV_EXAMPLE, SHARDS_YAML } from '../../../src/commands/init/project-text.js';
import { loadConfig } from '../../../src/config/load/load-config.js';
import { loadMigrations } from '../../../src/migrations/load/load.js';
import type { InitReport } from '../../../src/report/init.js';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(path.join(tmpdir(), 'pg-veneer-init-'));
});

afterEach(() => rm(cwd, { recursive: true }));

const run = (folder = '.', dryRun = false): Promise<InitReport> => init({ folder, dryRun }, cwd);
const write = (file: string, text: string): Promise<void> => writeFile(path.join(cwd, file), text);
const read = (file: string): Promise<string> => readFile(path.join(cwd, file), 'utf8');
const filesIn = async (folder = '.'): Promise<string[]> =>
  (await readdir(path.join(cwd, folder), { recursive: true })).toSorted();

/** By file, the number of a migration left out. */
const statesOf = ({ files }: InitReport): Record<string, string> =>
  Object.fromEntries(files.map(({ file, state }) => [file.replace(/\d{17}/, 'N'), state]));

test('what it makes is a project that loads: the fleet with its variables, and the first migration', async () => {
  const report = await run();
  expect(report).toMatchObject({ exitCode: 0, next: 'migrate setup', fleet: 'shop' });
  expect(report.notices).toEqual([expect.stringContaining('copy .env.example to .env')]);
  expect(statesOf(report)).toEqual({
    '.gitignore': 'made',
    '.env.example': 'made',
    'migrations/N_create-notes.sql': 'made',
    'shards.yaml': 'made',
  });
  const config = await loadConfig({ cwd, env: {}, envFiles: ['.env.example'] });
  expect(config.fleet).toBe('shop');
  expect(config.shards.map(({ name, tenants }) => [name, tenants.map((one) => one.name)])).toEqual([
    ['shard1', ['acme', 'globex']],
    ['shard2', ['initech']],
  ]);
  expect(config.roles.map(({ name }) => name)).toEqual(['shop_admin', 'shop_app']);
  const [migration, ...others] = await loadMigrations(config.migrations, { projectRoot: cwd });
  expect(migration).toMatchObject({ scope: 'tenant', name: expect.stringMatching(/_create-notes$/) });
  expect(others).toEqual([]);
});

test('every variable of shards.yaml is in .env.example, and no other', async () => {
  const inYaml = [...SHARDS_YAML.matchAll(/\$\{(\w+)(\{shard\})?\}/g)].flatMap(([, name = '', shard]) =>
    shard === undefined ? [name] : [`${name}SHARD1`, `${name}SHARD2`],
  );
  const inEnv = [...ENV_EXAMPLE.matchAll(/^(\w+)=/gm)].map(([, name = '']) => name);
  expect(inEnv.toSorted()).toEqual(inYaml.toSorted());
});

test('typed again it changes nothing, and says that all is there already', async () => {
  await run();
  const before = await Promise.all((await filesIn()).filter((file) => file !== 'migrations').map(read));
  const again = await run();
  expect(statesOf(again)).toEqual({
    '.gitignore': 'there already',
    '.env.example': 'there already',
    migrations: 'there already',
    'shards.yaml': 'there already',
  });
  expect(again).toMatchObject({ exitCode: 0, notices: [], next: 'migrate setup' });
  expect(await Promise.all((await filesIn()).filter((file) => file !== 'migrations').map(read))).toEqual(
    before,
  );
});

test('a dry run makes nothing, and says what it would make and what to type', async () => {
  const report = await run('a b', true);
  expect(report).toMatchObject({ dryRun: true, next: "migrate init 'a b'" });
  expect(new Set(Object.values(statesOf(report)))).toEqual(new Set(['planned']));
  expect(await filesIn()).toEqual([]);
});

test('a folder is made, and the next command names it', async () => {
  expect(await run('ops/a b')).toMatchObject({ next: "migrate --config 'ops/a b/shards.yaml' setup" });
  expect(await filesIn('ops/a b')).toContain('shards.yaml');
});

test.each([['.gitignore'], ['.env.example'], ['migrations']])(
  'cut short behind %s, it is finished by typing it again',
  async (last) => {
    await run();
    const all = await filesIn();
    const order = ['.gitignore', '.env.example', 'migrations', 'shards.yaml'];
    for (const file of order.slice(order.indexOf(last) + 1))
      await rm(path.join(cwd, file), { recursive: true });
    expect(await run()).toMatchObject({ exitCode: 0, fleet: 'shop' });
    expect((await filesIn()).map((file) => file.replace(/\d{17}/, 'N'))).toEqual(
      all.map((file) => file.replace(/\d{17}/, 'N')),
    );
    await loadConfig({ cwd, env: {}, envFiles: ['.env.example'] });
  },
);

test('beside a shards.yaml that is there no sample is made, which would be applied to its fleet', async () => {
  await write('shards.yaml', 'fleet: mine\n');
  const report = await run();
  expect(statesOf(report)).toEqual({
    '.gitignore': 'made',
    '.env.example': 'left out',
    migrations: 'left out',
    'shards.yaml': 'there already',
  });
  expect(report).toMatchObject({ fleet: '', notices: [] });
  expect(await filesIn()).toEqual(['.gitignore', 'shards.yaml']);
  expect(await read('shards.yaml')).toBe('fleet: mine\n');
});

test('migrations that are there stay the only ones', async () => {
  await mkdir(path.join(cwd, 'migrations'));
  await write('migrations/1_mine.sql', 'SELECT 1');
  expect(statesOf(await run())).toMatchObject({ migrations: 'there already', 'shards.yaml': 'made' });
  expect(await filesIn('migrations')).toEqual(['1_mine.sql']);
});

test.each([
  ['node_modules', 'node_modules\n.env\n', 'line added'],
  ['node_modules\n', 'node_modules\n.env\n', 'line added'],
  ['.env.local\n', '.env.local\n.env\n', 'line added'],
  ['/.env \r\nx', '/.env \r\nx', 'there already'],
  ['.env*\n', '.env*\n', 'there already'],
])('a .gitignore of %j gets a line for .env only where it has none', async (before, after, state) => {
  await write('.gitignore', before);
  expect(statesOf(await run())).toMatchObject({ '.gitignore': state });
  expect(await read('.gitignore')).toBe(after);
});

test.each([
  ['file', 'a project cannot be made in'],
  ['file/below', 'a project cannot be made in'],
  // Nobody makes a file there, root included.
  ['/proc/self/task', ''],
])('a project in %s is refused', async (folder, message) => {
  await write('file', 'kept');
  await expect(run(folder)).rejects.toMatchObject({
    message: expect.stringContaining(message),
    facts: { exitCode: 20, hint: expect.stringMatching(/folder/) },
  });
  expect(await filesIn()).toEqual(['file']);
  expect(await read('file')).toBe('kept');
});

test.each(['shards.yaml', '.env.example', '.gitignore'])(
  'a folder in the place of %s is refused before anything is written',
  async (name) => {
    await mkdir(path.join(cwd, name));
    for (const dryRun of [true, false])
      await expect(run('.', dryRun)).rejects.toMatchObject({
        message: `${name} is a folder, and a project has a file of that name`,
        facts: { exitCode: 20 },
      });
    expect(await filesIn()).toEqual([name]);
  },
);

test('a file in the place of migrations is refused before anything is written', async () => {
  await write('migrations', '');
  await expect(run()).rejects.toMatchObject({ message: expect.stringContaining('migrations: it is a file') });
  expect(await filesIn()).toEqual(['migrations']);
});

test('a link that leads nowhere has the name, too', async () => {
  await symlink('/nowhere/shards.yaml', path.join(cwd, 'shards.yaml'));
  expect(statesOf(await run())).toMatchObject({ 'shards.yaml': 'there already' });
});

test('the README shows what it makes', async () => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, yaml] = /<!-- shards.yaml -->\n\n```yaml\n(.*?)```/s.exec(readme) ?? [];
  const [, env] = /<!-- .env -->\n\n```sh\n(.*?)```/s.exec(readme) ?? [];
  expect(yaml).toBe(SHARDS_YAML);
  expect(env).toBe(ENV_EXAMPLE.replaceAll(/^(#.*)?\n/gm, ''));
});
