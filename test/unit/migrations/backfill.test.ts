import { expect, test } from '@jest/globals';
import { backfill, type Backfill } from '../../../src/backfill.js';
import { loadError, loadOne, statementsOf } from './folder.js';

const source = (wanted: unknown, more = ''): string =>
  `import { backfill } from 'pg-veneer';
   export const up = (pgm) => { ${more} backfill(pgm, ${JSON.stringify(wanted)}); };`;

const WANTED: Backfill = {
  table: 'My books',
  set: { 'a"b': 'upper(c)', n: 'n + 1' },
  where: 'n > 0 OR n < 0',
};

test('a backfill is one statement of a migration without a transaction, among others', async () => {
  const migration = await loadOne('1_a.ts', source(WANTED, `pgm.sql('VACUUM "My books"');`));
  expect(migration.transaction).toBe('none');
  const [vacuum, fill] = statementsOf(migration);
  expect(vacuum?.effect).toEqual({ kind: 'repeatable' });
  expect(fill?.effect).toEqual({ kind: 'fills', backfill: { ...WANTED, batch: 1000 } });
  expect(fill?.sql.replaceAll(/\s+/g, ' ')).toBe(
    'UPDATE "My books" SET "a""b" = (upper(c) ), "n" = (n + 1 ) WHERE (n > 0 OR n < 0 )',
  );
});

test.each([
  ['two statements', { ...WANTED, where: 'true); DELETE FROM books WHERE (true' }],
  ['what leaves the parentheses of the condition', { ...WANTED, where: 'true) OR (true' }],
  ['what leaves those of a value', { ...WANTED, set: { n: '1), m = (2' } }],
  ['what is no SQL', { ...WANTED, set: { n: 'n +' } }],
  ['no table', { ...WANTED, table: '' }],
  ['no columns', { ...WANTED, set: {} }],
  ['a value that is no SQL text', { ...WANTED, set: { n: 1 } }],
  ['a batch of nothing', { ...WANTED, batch: 0 }],
])('%s is refused when the files are read', async (_what, wanted) => {
  const error = await loadError({ '1_a.ts': source(wanted) });
  expect(error.facts).toMatchObject({ exitCode: 20, where: { file: 'migrations/1_a.ts' } });
});

test('a condition may end in a comment', async () => {
  const [fill] = statementsOf(await loadOne('1_a.ts', source({ ...WANTED, where: 'true -- all' })));
  expect(fill?.effect?.kind).toBe('fills');
});

test('it has no inferred down', async () => {
  const { loadDowns } = await import('../../../src/migrations/load/load-down.js');
  const { withFolder } = await import('./folder.js');
  const { loadMigrations } = await import('../../../src/migrations/load/load.js');
  await withFolder({ '1_a.ts': source(WANTED) }, async (dir, projectRoot) => {
    const wanted = await loadMigrations(dir, { projectRoot });
    await expect(loadDowns(dir, { projectRoot, wanted })).rejects.toMatchObject({ facts: { exitCode: 20 } });
  });
});

test('with the builder of node-pg-migrate itself it is one UPDATE, in a transaction', () => {
  const ran: string[] = [];
  const pgm = { sql: (sql: string) => void ran.push(sql), noTransaction: () => ran.push('none') };
  backfill(pgm, { table: 't', set: { a: 'b' } });
  expect(ran.map((sql) => sql.replaceAll('\n', ''))).toEqual(['UPDATE "t" SET "a" = (b)']);
});
