import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { compileScript } from '../../../src/migrations/load/compile-script.js';
import { loadMigrations } from '../../../src/migrations/load/load.js';
import { load, loadError, loadOne, sqlOf, statementsOf, withFolder } from './folder.js';

const TABLE = 'CREATE TABLE "a" (\n  "id" uuid PRIMARY KEY\n)';
const BODY = "pgm.createTable('a', { id: { type: 'uuid', primaryKey: true } })";

const STYLES: readonly (readonly [string, string, string])[] = [
  [
    'TypeScript',
    '1_a.ts',
    `import type { MigrationBuilder } from 'node-pg-migrate';\nexport async function up(pgm: MigrationBuilder): Promise<void> { ${BODY}; }`,
  ],
  [
    'a TypeScript module with .mts',
    '1_a.mts',
    `export const up = (pgm: { createTable: Function }): void => ${BODY};`,
  ],
  ['an ES module', '1_a.js', `export const up = (pgm) => { ${BODY}; };`],
  ['an ES module with .mjs', '1_a.mjs', `export const up = (pgm) => { ${BODY}; };`],
  ['CommonJS', '1_a.js', `exports.up = (pgm) => { ${BODY}; };`],
  ['CommonJS with .cjs', '1_a.cjs', `module.exports = { up: (pgm) => { ${BODY}; } };`],
  ['a default export', '1_a.ts', `export default { up(pgm: { createTable: Function }) { ${BODY}; } };`],
  ['a default export of an ES module', '1_a.mjs', `export default { up: (pgm) => { ${BODY}; } };`],
  ['an async action', '1_a.js', `export const up = async (pgm) => { await Promise.resolve(); ${BODY}; };`],
  ['callback style', '1_a.js', `exports.up = (pgm, run) => { setImmediate(() => { ${BODY}; run(); }); };`],
];

test.each(STYLES)('%s', async (_, name, source) => {
  expect(statementsOf(await loadOne(name, source))).toEqual([{ sql: TABLE, line: null }]);
});

test("a runtime import of node-pg-migrate is this package's own, from a project without it", async () => {
  const source = `import { PgLiteral } from 'node-pg-migrate';
    export const up = (pgm) => pgm.alterColumn('a', 'b', { default: new PgLiteral('now()') });`;
  expect(sqlOf(await loadOne('1_a.js', source))).toEqual(['ALTER TABLE "a"\n  ALTER "b" SET DEFAULT now()']);
});

test('compiled TypeScript is kept in the node_modules of the project', async () => {
  const source = 'export const up = (pgm: any) => pgm.sql("select 1");';
  await withFolder({ '1_a.ts': source }, async (dir, projectRoot) => {
    await mkdir(join(projectRoot, 'node_modules'));
    await loadMigrations(dir, { projectRoot });
    expect(await readdir(join(projectRoot, 'node_modules', '.cache', 'pg-veneer'))).toHaveLength(1);
  });
});

test('a migration may import its neighbours', async () => {
  const [migration] = await load({
    '1_a.ts':
      "import { table } from './helpers/table.js';\nexport const up = (pgm: any) => pgm.sql(`select '${table}'`);",
    'helpers/table.ts': "export const table: string = 'a';",
  });
  expect(sqlOf(migration!)).toEqual(["select 'a'"]);
});

const added = (type: string): readonly string[] => [`ALTER TABLE "a"\n  ADD "b" ${type}`];

test('shorthands hold for their own migration and all after it', async () => {
  const use = "export const up = (pgm) => pgm.addColumn('a', { b: 'key' });";
  const migrations = await load({
    '1_before.js': use,
    '2_a.js': `export const shorthands = { key: { type: 'uuid', unique: true } };\n${use}`,
    '3_sql.sql': 'select 1',
    '4_after.js': use,
  });
  expect(migrations.map(sqlOf)).toEqual([
    added('key'),
    added('uuid UNIQUE'),
    ['select 1'],
    added('uuid UNIQUE'),
  ]);
});

test('shorthands beside a default export', async () => {
  const source =
    "export default { shorthands: { key: 'uuid' }, up: (pgm) => pgm.addColumn('a', { b: 'key' }) };";
  expect(sqlOf(await loadOne('1_a.mjs', source))).toEqual(['ALTER TABLE "a"\n  ADD "b" uuid']);
});

test('each step is split into single statements, also behind a line comment', async () => {
  const source = "export const up = (pgm) => { pgm.sql('select 1; select 2 -- end'); pgm.sql('select 3'); };";
  expect(sqlOf(await loadOne('1_a.js', source))).toEqual(['select 1', 'select 2 -- end;', 'select 3']);
});

test('names are not changed and not qualified', async () => {
  const source = "export const up = (pgm) => { pgm.dropTable('someName'); };";
  expect(sqlOf(await loadOne('1_a.js', source))).toEqual(['DROP TABLE "someName"']);
});

const REFUSED: readonly (readonly [string, string, string, object])[] = [
  [
    'callback style that rejects',
    'export const up = async (pgm, run) => { throw new Error("boom"); };',
    'it failed: boom',
    { line: 1 },
  ],
  ['no up', 'export const down = () => {};', 'it exports no `up`', {}],
  ['up = false', 'export const up = false;', 'its `up` is switched off (false)', {}],
  ['an up that is no function', 'export const up = [];', 'its `up` is not a function', {}],
  [
    'an action that throws',
    'export const up = () => {\n\n  throw new Error("boom\\nand more");\n};',
    'it failed: boom',
    { line: 3 },
  ],
  [
    'an action that rejects',
    'export const up = async () => {\n  await null;\n  throw new TypeError("boom");\n};',
    'it failed: boom',
    { line: 3 },
  ],
  ['an action that throws no error', 'export const up = () => { throw "boom"; };', 'it failed: boom', {}],
  [
    'an unknown method',
    'export const up = (pgm) => {\n  pgm.creatTable("a");\n};',
    'it failed: pgm.creatTable is not a function',
    { line: 2 },
  ],
  [
    'a syntax error',
    'export const up = (pgm) => {\n  pgm.sql(;\n};',
    'it cannot be loaded: ParseError: Unexpected token',
    { line: 2 },
  ],
  [
    'a failing import',
    "import 'no-such-package';\nexport const up = () => {};",
    "it cannot be loaded: Cannot find module 'no-such-package'",
    { line: 1 },
  ],
  [
    'a module that throws',
    '\nnothing.here;\nexport const up = () => {};',
    'it cannot be loaded: nothing is not defined',
    { line: 2 },
  ],
  [
    'a table made behind pgm.noTransaction()',
    'export const up = (pgm) => { pgm.noTransaction(); pgm.createTable("a", { id: "id" }); };',
    'CREATE TABLE "a" ( "id" serial PRIMARY KEY ): it may change what a veneer shows',
    {},
  ],
  [
    'pgm.noTransaction() before a query',
    'export const up = async (pgm) => { pgm.noTransaction(); await pgm.db.query("select 1"); };',
    'pgm.noTransaction() beside pgm.db',
    {},
  ],
  [
    'a COMMIT in a step',
    'export const up = (pgm) => { pgm.sql("select 1; commit"); };',
    'COMMIT: a migration runs inside one transaction',
    {},
  ],
  [
    'an index built concurrently',
    'export const up = (pgm) => { pgm.createIndex("a", "b", { concurrently: true }); };',
    'CREATE INDEX CONCURRENTLY: it cannot run inside a transaction',
    {},
  ],
  [
    'a syntax error in a step',
    'export const up = (pgm) => { pgm.sql("select 1 form x y"); };',
    'syntax error at or near "x"',
    {},
  ],
];

test.each(REFUSED)('%s: refused', async (_, source, message, place) => {
  const error = await loadError({ '1_a.js': source });
  expect(error.message).toContain(message);
  expect(error.facts).toMatchObject({ exitCode: 20 });
  expect(error.facts.where).toEqual({ migration: '1_a', file: 'migrations/1_a.js', ...place });
  expect(error.facts.hint).toBeDefined();
});

test('a syntax error in a step shows its SQL, without a line of the file', async () => {
  const error = await loadError({
    '1_a.js': 'export const up = (pgm) => { pgm.sql("select 1 form x y"); };',
  });
  expect(error.facts.detail).toBe('| select 1 form x y;\n                ^');
});

test('an action that never calls back is refused, not waited for', async () => {
  const file = {
    name: '1_a',
    scope: 'tenant' as const,
    path: '/1_a.js',
    file: '1_a.js',
    language: 'script' as const,
  };
  const script = { file, action: (_pgm: unknown, _run?: unknown) => {}, shorthands: {} };
  Object.defineProperty(script.action, 'length', { value: 2 });
  await expect(compileScript(script, 10)).rejects.toMatchObject({
    problems: [{ message: 'it did not finish building its SQL within 0.01 s' }],
  });
});
