import { targetOf } from '../../../src/target.js';
import { expect, test } from '@jest/globals';
import { EXIT, VeneerError } from '../../../src/errors.js';
import { build, loadOne } from './folder.js';

type Rows = Record<string, unknown>[];

/** Answers every query with these rows, and keeps what was asked. */
function answering(rows: Rows): {
  asked: unknown[];
  query: (text: string, values?: readonly unknown[]) => Promise<{ rows: Rows; rowCount: number }>;
} {
  const asked: unknown[] = [];
  const query = (text: string, values?: readonly unknown[]): Promise<{ rows: Rows; rowCount: number }> => {
    asked.push(values === undefined ? text : [text, values]);
    return Promise.resolve({ rows, rowCount: rows.length });
  };
  return { asked, query };
}

const up = (body: string): string => `export const up = async (pgm) => { ${body} };`;

test('a migration that asks pgm.db is built for each tenant, with its answers', async () => {
  const source = up("for (const { name } of await pgm.db.select('select name')) pgm.dropTable(name);");
  const migration = await loadOne('1_a.js', source);
  expect(await build(migration, answering([{ name: 'x' }, { name: 'y' }]).query)).toEqual([
    'DROP TABLE "x"',
    'DROP TABLE "y"',
  ]);
  expect(await build(migration, answering([]).query)).toEqual([]);
});

test.each([
  ['a text', "'select 1'", 'select 1'],
  ['a text with values', "'select $1', [7]", ['select $1', [7]]],
  ['a query with values', "{ text: 'select $1', values: [7] }", ['select $1', [7]]],
])('pgm.db.query is given %s', async (_, given, expected) => {
  const { asked, query } = answering([{ n: 1 }]);
  const migration = await loadOne(
    '1_a.js',
    up(`const { rows } = await pgm.db.query(${given}); pgm.sql('select ' + rows[0].n);`),
  );
  expect(await build(migration, query)).toEqual(['select 1']);
  expect(asked).toEqual([expected]);
});

test.each([
  [
    'caught',
    "try { await pgm.db.query('select 1'); } catch { pgm.sql('select 0'); } finally { globalThis.wentOn = true; }",
  ],
  ['not awaited', "pgm.db.query('select 1').then(() => { globalThis.wentOn = true; });"],
])('while it is compiled, nothing goes on behind a query that is %s', async (_, body) => {
  Reflect.deleteProperty(globalThis, 'wentOn');
  expect((await loadOne('1_a.js', up(body))).body.kind).toBe('dynamic');
  expect(Reflect.has(globalThis, 'wentOn')).toBe(false);
});

test('an error behind a query counts when the query is answered, not before', async () => {
  const source = "export const up = (pgm) => { pgm.db.query('select 1'); throw new Error('boom'); };";
  const migration = await loadOne('1_a.js', source);
  await expect(build(migration, answering([]).query)).rejects.toThrow('it failed: boom');
});

test('callback style can ask too', async () => {
  const source =
    "exports.up = (pgm, run) => { pgm.db.query('select 1').then(() => { pgm.sql('select 2'); run(); }); };";
  expect(await build(await loadOne('1_a.cjs', source), answering([]).query)).toEqual(['select 2']);
});

test('an error of the connection passes unchanged', async () => {
  const lost = new VeneerError('lock timeout', { exitCode: EXIT.failed, sqlstate: '55P03' });
  const migration = await loadOne('1_a.js', up("await pgm.db.query('select 1');"));
  expect(await build(migration, () => Promise.reject(lost)).catch((error: unknown) => error)).toBe(lost);
});

const REFUSED: readonly (readonly [string, string, string])[] = [
  [
    'COMMIT in a query',
    "await pgm.db.query('/* x */ commit');",
    'pgm.db was given commit: a migration may not begin or end a transaction',
  ],
  [
    'COMMIT behind a query',
    "await pgm.db.query('select 1; rollback; select 2');",
    'pgm.db was given rollback: a migration may not begin or end a transaction',
  ],
  [
    'COMMIT in a step',
    "await pgm.db.query('select 1'); pgm.sql('commit');",
    'COMMIT: a migration runs inside one transaction',
  ],
  [
    'pgm.noTransaction() behind a query',
    "await pgm.db.query('select 1'); pgm.noTransaction();",
    'pgm.noTransaction() beside pgm.db',
  ],
  [
    'rows as arrays',
    "await pgm.db.query({ text: 'select 1', rowMode: 'array' });",
    'pgm.db with rowMode is not built yet',
  ],
  ['an error of its own', "await pgm.db.query('select 1'); throw new Error('boom');", 'it failed: boom'],
];

test.each(REFUSED)('%s is refused when it is built', async (_, body, message) => {
  const migration = await loadOne('1_a.js', up(body));
  const { asked, query } = answering([]);
  const error = await build(migration, query).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(VeneerError);
  expect(error).toMatchObject({
    message: expect.stringContaining(message),
    facts: { exitCode: 20, where: { file: 'migrations/1_a.js' } },
  });
  expect(asked.filter((text) => text !== 'select 1')).toEqual([]);
});

test('words of a transaction in a string or a savepoint are no command', async () => {
  const { asked, query } = answering([]);
  const body =
    "await pgm.db.query(\"select 'commit'\"); await pgm.db.query('savepoint a'); await pgm.db.query('begin nonsense');";
  await build(await loadOne('1_a.js', up(body)), query);
  expect(asked).toEqual(["select 'commit'", 'savepoint a', 'begin nonsense']);
});

const READS = `import { target } from 'pg-veneer';
export const up = (pgm) => { const { tenant, shard } = target(pgm); pgm.sql(\`SELECT '\${tenant} on \${shard}'\`); };`;

test.each(['1_a.js', '1_a.ts', '1_a.mts'])(
  '%s that reads for whom it runs is built for each',
  async (name) => {
    const migration = await loadOne(name, READS);
    const none = async (): Promise<never> => Promise.reject(new Error('no query'));
    expect(await build(migration, none)).toEqual([`SELECT 't on s'`]);
    const other = targetOf({ scope: 'tenant', tenant: 'x', schema: 'x', shard: 'y' });
    expect(await build(migration, none, other)).toEqual([`SELECT 'x on y'`]);
  },
);

test('one that imports target and does not read it is built once for all', async () => {
  const source = `import { target } from 'pg-veneer'; export const up = (pgm) => { target(pgm); pgm.sql('SELECT 1'); };`;
  expect((await loadOne('1_a.js', source)).body.kind).toBe('static');
});

test('a name that its scope does not have is refused, when it is built', async () => {
  const source = `import { target } from 'pg-veneer'; export const up = (pgm) => pgm.sql(target(pgm).tenant);`;
  const migration = await loadOne('shard/1_a.js', source);
  const none = async (): Promise<never> => Promise.reject(new Error('no query'));
  await expect(build(migration, none, targetOf({ scope: 'shard', shard: 's' }))).rejects.toMatchObject({
    message: 'it failed: a migration of scope shard runs for no one tenant',
  });
});
