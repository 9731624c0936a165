import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { loadMigrations } from '../../../src/migrations/load/load.js';
import { labelOf } from '../../../src/migrations/migration.js';
import { compareNames } from '../../../src/migrations/migration-names.js';
import { load, loadError, sqlOf, withFolder, type Files } from './folder.js';

const names = async (files: Files): Promise<readonly string[]> => (await load(files)).map(({ name }) => name);

const sqlFiles = (...bases: readonly string[]): Files =>
  Object.fromEntries(bases.map((base) => [`${base}.sql`, 'select 1']));

const ORDER: readonly (readonly [string, readonly string[]])[] = [
  ['numbers by value', ['2_b', '10_a']],
  ['one number by name', ['1_a', '1_b2', '1_b10']],
  [
    '17 digits are a UTC date, before and after milliseconds',
    ['1767603599999_a', '20260105090000000_b', '1767603600001_c'],
  ],
  ['14 digits are a plain number, after milliseconds', ['1767603600001_a', '20260105090000_b']],
];

test.each(ORDER)('order: %s', async (_, expected) => {
  expect(await names(sqlFiles(...expected.toReversed()))).toEqual(expected);
});

test('migrations of all scopes have one order; of one name the shard comes first, and the veneer last', async () => {
  const files = ['2_a', 'veneer/1_a', '1_a', 'shard/1_a', 'veneer/3_a', 'shard/2_b', 'veneer/2_aa'];
  const migrations = await load(sqlFiles(...files.toReversed()));
  expect(migrations.map(labelOf)).toEqual([
    'shard/1_a',
    '1_a',
    'veneer/1_a',
    '2_a',
    'veneer/2_aa',
    'shard/2_b',
    'veneer/3_a',
  ]);
});

test('names that differ in punctuation have one order, from wherever one starts', () => {
  const names = ['1_ab', '1_a_b', '1_a-b'];
  expect(names.toSorted(compareNames)).toEqual(names.toReversed().toSorted(compareNames));
});

test('an empty folder is a fleet without migrations', async () => {
  expect(await load({})).toEqual([]);
});

test('a missing folder is named, with what to do', async () => {
  const error = await withFolder({}, (_, projectRoot) =>
    loadMigrations(join(projectRoot, 'nowhere'), { projectRoot }).catch((error: unknown) => error),
  );
  expect(error).toMatchObject({
    message: 'the folder of migrations does not exist',
    facts: {
      exitCode: 20,
      where: { file: 'nowhere' },
      hint: 'create it, or correct `migrations` in shards.yaml',
    },
  });
});

test('all that is no migration is passed over', async () => {
  const files = sqlFiles('1_a');
  const others = {
    '.hidden.sql': '',
    '.x/2_b.sql': '',
    'README.md': '',
    '2_b.js.map': '',
    '2_b.d.ts': '',
    '3_c.sql.orig': '',
    'helpers/d.sql': '',
  };
  expect(await names({ ...files, ...others })).toEqual(['1_a']);
});

test('an ending may be in capitals', async () => {
  expect(await names({ '1_a.SQL': 'select 1' })).toEqual(['1_a']);
});

test('a link to a file is that file; one to nowhere is named', async () => {
  await withFolder({ 'more/a.sql': 'select 7' }, async (dir, projectRoot) => {
    await symlink(join(dir, 'more', 'a.sql'), join(dir, '1_a.sql'));
    const [migration] = await loadMigrations(dir, { projectRoot });
    expect(sqlOf(migration!)).toEqual(['select 7']);
    await symlink(join(dir, 'more', 'b.sql'), join(dir, '2_b.sql'));
    await expect(loadMigrations(dir, { projectRoot })).rejects.toMatchObject({
      facts: { where: { file: 'migrations/2_b.sql' } },
    });
  });
});

test('a folder outside of the project is named by its way there', async () => {
  await withFolder(sqlFiles('1_a'), async (dir, projectRoot) => {
    await mkdir(join(projectRoot, 'app'));
    const [migration] = await loadMigrations(dir, { projectRoot: join(projectRoot, 'app') });
    expect(migration?.file).toBe('../migrations/1_a.sql');
  });
});

const REFUSED: readonly (readonly [string, Files, string, string])[] = [
  [
    'one name, two languages',
    { '1_a.sql': '', '1_a.ts': 'export const up = () => {}' },
    '1_a.ts',
    'migrations/1_a.sql and migrations/1_a.ts are two migrations with one name',
  ],
  [
    'a pair and a single file',
    { '1_a.sql': '', '1_a.up.sql': '' },
    '1_a.up.sql',
    'migrations/1_a.sql and migrations/1_a.up.sql are two migrations with one name',
  ],
  [
    'one number, one text',
    { '01_a.sql': '', '1_a.sql': '' },
    '1_a.sql',
    'migrations/01_a.sql and migrations/1_a.sql have the same number and the same text, so that neither comes first',
  ],
  [
    'a down part alone',
    { '1_a.down.sql': '' },
    '1_a.down.sql',
    'there is no .up.sql file that this .down.sql belongs to',
  ],
  [
    'no number',
    { 'a.sql': '' },
    'a.sql',
    'its name does not begin with a number or a valid date, so it has no place in the order',
  ],
  [
    '17 digits that are no date',
    { '20261305090000000_a.sql': '' },
    '20261305090000000_a.sql',
    'its name does not begin with a number or a valid date, so it has no place in the order',
  ],
  [
    'a folder of the tenants',
    { 'tenant/1_a.sql': '' },
    'tenant',
    'migrations for tenants have no folder of their own',
  ],
  [
    'two of one name in one scope',
    { 'shard/1_a.sql': '', 'shard/1_a.up.sql': '' },
    'shard/1_a.up.sql',
    'migrations/shard/1_a.sql and migrations/shard/1_a.up.sql are two migrations with one name',
  ],
  [
    'a shard migration without a transaction',
    { 'shard/1_a.sql': '-- no-transaction\nVACUUM t' },
    'shard/1_a.sql',
    'a migration for a shard cannot run without a transaction',
  ],
];

test.each(REFUSED)('%s: refused by name', async (_, files, file, message) => {
  const error = await loadError(files);
  expect(error.message).toBe(message);
  expect(error.facts).toMatchObject({ exitCode: 20, where: { file: `migrations/${file}` } });
  expect(error.facts.hint).toBeDefined();
});

test('all problems of all files are reported together', async () => {
  const error = await loadError({
    'a.sql': '',
    '1_b.sql': 'select 1 form x y',
    '2_c.sql': 'commit;\nvacuum;',
    '3_d.ts': 'export const down = false;',
    '4_e.sql': 'select 1',
  });
  expect(error.message).toBe('5 problems in the migrations');
  expect(error.facts.exitCode).toBe(20);
  const places = error.facts.detail?.match(/^\S+(?=: )/gm);
  expect(places).toEqual([
    'migrations/a.sql',
    'migrations/1_b.sql:1:15',
    'migrations/2_c.sql:1:1',
    'migrations/2_c.sql:2:1',
    'migrations/3_d.ts',
  ]);
  expect(error.facts.detail).toContain('\n  1 | select 1 form x y\n                    ^\n');
});

const SQL = 'select 1';

test.each([
  ['shards/0001_a.sql', 'migrations/shards', '0001_a.sql; did you mean shard?'],
  ['veneers/0001_a.ts', 'migrations/veneers', '0001_a.ts; did you mean veneer?'],
  ['Tenant/R__a.sql', 'migrations/Tenant', 'R__a.sql; did you mean tenant?'],
  ['tenants/0001_a.up.sql', 'migrations/tenants', '0001_a.up.sql; did you mean tenant?'],
  ['sub/deep/0001_a.js', 'migrations/sub', '0001_a.js'],
  ['shard/sub/B__0001_a.sql', 'migrations/shard/sub', 'B__0001_a.sql'],
])('a folder that is not read is refused for its migrations: %s', async (file, folder, said) => {
  const error = await loadError({ '0001_b.sql': SQL, [file]: SQL });
  expect(error.facts).toMatchObject({ exitCode: 20, where: { file: folder } });
  expect(error.message).toBe(`this folder is not read, and holds files named like migrations: ${said}`);
});

test('a folder that is not read may hold what migrations import', async () => {
  const files = {
    'helpers/names.ts': '',
    'helpers/deep/rows.sql': '',
    'data/2026.csv': '',
    '.old/0001_a.sql': SQL,
  };
  expect(await names({ '0001_b.sql': SQL, ...files, 'node_modules/x/0001_a.js': '' })).toEqual(['0001_b']);
});
