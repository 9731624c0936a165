import { expect, test } from '@jest/globals';
import type { Migration, Statement } from '../../../src/migrations/migration.js';
import { insideTransaction } from '../../../src/protocol/tenants/add-tenants.js';

const index = {
  kind: 'creates index',
  index: 'i',
  table: { schema: null, name: 't' },
  ifNotExists: false,
} as const;
const dropped = { kind: 'drops index', index: { schema: null, name: 'i' }, ifExists: false } as const;

const alone = (...statements: readonly Omit<Statement, 'line'>[]): Migration => ({
  name: '1_x',
  scope: 'tenant',
  file: 'migrations/1_x.sql',
  checksum: '',
  body: { kind: 'static', statements: statements.map((statement) => ({ line: 1, ...statement })) },
  transaction: 'none',
  notices: [],
});

const texts = ({ body }: Migration): unknown =>
  body.kind === 'static' ? body.statements.map(({ sql }) => sql) : null;

test.each([
  ['CREATE INDEX CONCURRENTLY i ON t (a)', index, 'CREATE INDEX i ON t (a)'],
  ['create unique index concurrently i on t (a)', index, 'create unique index i on t (a)'],
  [
    '-- INDEX CONCURRENTLY, they say\nCREATE /* one */ INDEX\n  CONCURRENTLY i ON t (a)',
    index,
    '-- INDEX CONCURRENTLY, they say\nCREATE /* one */ INDEX i ON t (a)',
  ],
  ['DROP INDEX CONCURRENTLY i', dropped, 'DROP INDEX i'],
])('%j runs inside a transaction as it should', (sql, effect, inside) => {
  const migration = insideTransaction(alone({ sql, effect }));
  expect(migration.transaction).toBe('step');
  expect(texts(migration)).toEqual([inside]);
});

test('what has nothing to do in an empty schema is left out, the rest stays', () => {
  const migration = alone(
    { sql: '/* all */ VACUUM (ANALYZE) t', effect: { kind: 'repeatable' } },
    { sql: 'ANALYZE t', effect: { kind: 'repeatable' } },
    {
      sql: 'REINDEX TABLE CONCURRENTLY t',
      effect: { kind: 'rebuilds', what: 'table', relation: { schema: null, name: 't' } },
    },
    { sql: "SELECT 'CREATE INDEX CONCURRENTLY'", effect: { kind: 'reads' } },
  );
  expect(texts(insideTransaction(migration))).toEqual(['ANALYZE t', "SELECT 'CREATE INDEX CONCURRENTLY'"]);
});
