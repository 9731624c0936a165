import { expect, test } from '@jest/globals';
import type { VeneerError } from '../../../src/errors.js';
import type { Migration, Statement } from '../../../src/migrations/migration.js';
import { MemberError } from '../../../src/postgres/member-error.js';
import { explain, textOf, type Part } from '../../../src/protocol/shard/explain-failure.js';

const STATEMENTS: readonly Statement[] = [
  { sql: "INSERT INTO books VALUES ('🐘 über')", line: 1 },
  { sql: 'ALTER TABLE missing ADD a int -- why', line: 2 },
  { sql: 'SELECT 1', line: 3 },
];

const MIGRATION: Migration = {
  name: '1_books',
  scope: 'tenant',
  file: 'migrations/1_books.sql',
  checksum: '',
  body: { kind: 'static', statements: STATEMENTS },
  transaction: 'step',
  notices: [],
};

const PARTS = ['initech', 'hooli', 'umbrella'].map((tenant): Part => ({
  tenant,
  prologue: ['RESET ALL', `SELECT '${tenant} ☃'`],
  statements: STATEMENTS,
}));

const TEXT = textOf(PARTS);

/** PostgreSQL counts characters from 1. */
const positionOf = (sql: string, nth: number): number => {
  let at = -1;
  for (let found = 0; found <= nth; found++) at = TEXT.indexOf(sql, at + 1);
  return Array.from(TEXT.slice(0, at)).length + 1;
};

const thrown = (position: number | null, completed: number): unknown =>
  new MemberError(
    'shard1',
    position === null ? {} : { position: String(position) },
    { message: 'no', exitCode: 20, detail: undefined, hint: undefined, sqlstate: '42P01' },
    completed,
  );

const whereOf = (error: unknown): unknown => (error as VeneerError).facts.where;

test.each(PARTS.map(({ tenant }, index) => [tenant, index] as const))(
  'a position in the statements of %s is explained as theirs',
  (tenant, index) => {
    const position = positionOf('missing', index);
    const explained = explain(thrown(position, index * 5 + 3), MIGRATION, PARTS);
    expect(whereOf(explained)).toMatchObject({ tenant, line: 2, column: 13, file: MIGRATION.file });
  },
);

test.each(PARTS.map(({ tenant }, index) => [tenant, index] as const))(
  'without a position, the number of completed statements says that it was %s',
  (tenant, index) => {
    expect(whereOf(explain(thrown(null, index * 5 + 2), MIGRATION, PARTS))).toMatchObject({
      tenant,
      line: 1,
    });
    expect(whereOf(explain(thrown(null, index * 5 + 4), MIGRATION, PARTS))).toMatchObject({
      tenant,
      line: 3,
    });
  },
);

test('what fails in a prologue has the tenant and no line', () => {
  expect(whereOf(explain(thrown(null, 6), MIGRATION, PARTS))).toEqual({
    member: 'shard1',
    tenant: 'hooli',
    migration: '1_books',
    file: MIGRATION.file,
  });
});

test('a text that cannot be parsed fails before its first statement, which is the first tenant’s', () => {
  const position = positionOf('SELECT 1', 0);
  expect(whereOf(explain(thrown(position, 0), MIGRATION, PARTS))).toMatchObject({
    tenant: 'initech',
    line: 3,
  });
});

test('a position in a text of PostgreSQL’s own says nothing of whose it is', () => {
  expect(whereOf(explain(thrown(3, 8), MIGRATION, PARTS))).toMatchObject({ tenant: 'hooli', line: 2 });
});

test('a lost connection is nobody’s fault', () => {
  const lost = new MemberError(
    'shard1',
    { code: 'ECONNRESET' },
    { message: 'gone', exitCode: 23, detail: undefined, hint: undefined, sqlstate: null },
  );
  expect(explain(lost, MIGRATION, PARTS)).toBe(lost);
});

test('what an older server cannot read is explained by its position, since nothing of the text had run', () => {
  const explained = explain(thrown(positionOf('missing', 2), 0), MIGRATION, PARTS);
  expect(whereOf(explained)).toMatchObject({ tenant: 'umbrella', line: 2, column: 13 });
});

test('in a text of several migrations it is the one whose statement failed', () => {
  const [first, second] = ['1_books', '2_notes'].map((name) => ({
    ...MIGRATION,
    name,
    file: `migrations/${name}.sql`,
  }));
  const parts = PARTS.map((part, index) => ({ ...part, migration: index === 0 ? first! : second! }));
  const where = (position: number | null, completed: number): unknown =>
    whereOf(explain(thrown(position, completed), null, parts));
  expect(where(null, 3)).toMatchObject({ migration: '1_books', tenant: 'initech', line: 2 });
  expect(where(positionOf('missing', 1), 8)).toMatchObject({
    migration: '2_notes',
    tenant: 'hooli',
    line: 2,
  });
  expect(where(positionOf('missing', 1), 0)).toMatchObject({
    migration: '2_notes',
    tenant: 'hooli',
    line: 2,
  });
  // A character that the database's encoding does not have: nobody knows whose.
  expect(where(null, 0)).not.toHaveProperty('migration');
});
