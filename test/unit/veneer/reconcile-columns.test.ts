import { expect, test } from '@jest/globals';
import type { DefaultExpression } from '../../../src/catalog/expressions/expression.js';
import type { Column, ForeignColumn } from '../../../src/catalog/relations/relation.js';
import {
  alterForeignTable,
  planColumns,
  planningOnce,
} from '../../../src/veneer/tables/reconcile-columns.js';
import { column, expression, foreignColumn } from './builders.js';

interface Case {
  readonly name: string;
  /** As `name type`, or with the shard's column that it shows. */
  readonly present: readonly (string | readonly [string, string])[];
  readonly wanted: readonly string[];
  readonly renamed?: Readonly<Record<string, string | null>>;
  /** What follows `ALTER FOREIGN TABLE t `. */
  readonly actions: readonly string[];
}

const cases: readonly Case[] = [
  { name: 'nothing to do', present: ['a int', 'b text'], wanted: ['a int', 'b text'], actions: [] },
  {
    name: 'a column added at the end',
    present: ['a int'],
    wanted: ['a int', 'B c NOT NULL'],
    actions: [`ADD COLUMN "B" c OPTIONS (column_name 'B') NOT NULL`],
  },
  { name: 'a column dropped', present: ['a int', 'b int'], wanted: ['b int'], actions: ['DROP COLUMN "a"'] },
  {
    name: 'a column renamed on the shard',
    present: ['a int'],
    wanted: ['b int'],
    renamed: { a: 'b' },
    actions: ['RENAME COLUMN "a" TO "b"', `ALTER COLUMN "b" OPTIONS (SET column_name 'b')`],
  },
  {
    name: 'a column renamed while nobody looked',
    present: ['a int'],
    wanted: ['b int'],
    actions: ['DROP COLUMN "a"', `ADD COLUMN "b" int OPTIONS (column_name 'b')`],
  },
  {
    name: 'two columns swapped',
    present: ['a int', 'b int'],
    wanted: ['b int', 'a int'],
    renamed: { a: 'b', b: 'a' },
    actions: [
      'RENAME COLUMN "a" TO "pgveneer_0"',
      'RENAME COLUMN "b" TO "pgveneer_1"',
      'RENAME COLUMN "pgveneer_0" TO "b"',
      'RENAME COLUMN "pgveneer_1" TO "a"',
      `ALTER COLUMN "b" OPTIONS (SET column_name 'b')`,
      `ALTER COLUMN "a" OPTIONS (SET column_name 'a')`,
    ],
  },
  {
    name: 'a column that takes a dropped one’s name',
    present: ['a int', 'b text'],
    wanted: ['a text'],
    renamed: { a: null, b: 'a' },
    actions: [
      'DROP COLUMN "a"',
      'RENAME COLUMN "b" TO "a"',
      `ALTER COLUMN "a" OPTIONS (SET column_name 'a')`,
    ],
  },
  {
    name: 'a column dropped and made again',
    present: ['a int', 'b text', 'c int'],
    wanted: ['b text', 'c int', 'a int'],
    renamed: { a: null },
    actions: ['DROP COLUMN "a"', `ADD COLUMN "a" int OPTIONS (column_name 'a')`],
  },
  {
    name: 'a missing column in the middle: what follows it is made again, in order',
    present: ['a int', 'c int'],
    wanted: ['a int', 'b int', 'c int'],
    actions: [
      'DROP COLUMN "c"',
      `ADD COLUMN "b" int OPTIONS (column_name 'b')`,
      `ADD COLUMN "c" int OPTIONS (column_name 'c')`,
    ],
  },
  {
    name: 'a column renamed on the veneer alone',
    present: [['label text', 'title']],
    wanted: ['title text'],
    actions: ['RENAME COLUMN "label" TO "title"'],
  },
  {
    name: 'a second column that shows the same one gives way to the first’s name, not to its place',
    present: [['title text', 'at'], 'at date'],
    wanted: ['title text', 'at date'],
    actions: [`ALTER COLUMN "title" OPTIONS (SET column_name 'title')`],
  },
  {
    name: 'another type, nullability',
    present: ['a int NOT NULL', 'b int'],
    wanted: ['a bigint', 'b int NOT NULL'],
    actions: [
      'ALTER COLUMN "a" TYPE bigint',
      'ALTER COLUMN "a" DROP NOT NULL',
      'ALTER COLUMN "b" SET NOT NULL',
    ],
  },
];

function reconcileColumns(table: string, ...columns: Parameters<typeof planColumns>): string[] {
  const { first, rest } = alterForeignTable(table, planColumns(...columns));
  return [...first, ...rest];
}

test.each(cases)('$name', ({ present, wanted, renamed = {}, actions }) => {
  const columns = present.map((one) =>
    typeof one === 'string' ? foreignColumn(one) : foreignColumn(one[0], one[1]),
  );
  expect(
    reconcileColumns('t', columns, wanted.map(column), new Map(Object.entries(renamed)), 180_000),
  ).toEqual(actions.map((action) => `ALTER FOREIGN TABLE t ${action}`));
});

test('a column without column_name gets one', () => {
  const bare: ForeignColumn = { ...column('a int'), options: {} };
  expect(reconcileColumns('t', [bare], [column('a int')], new Map(), 180_000)).toEqual([
    `ALTER FOREIGN TABLE t ALTER COLUMN "a" OPTIONS (ADD column_name 'a')`,
  ]);
});

test('a collation is set with the type; a generated expression makes the column anew', () => {
  const collated = { ...column('a text'), collation: { schema: 'pg_catalog', name: 'C' } };
  expect(reconcileColumns('t', [foreignColumn('a text')], [collated], new Map(), 180_000)).toEqual([
    'ALTER FOREIGN TABLE t ALTER COLUMN "a" TYPE text COLLATE "pg_catalog"."C"',
  ]);
  expect(
    reconcileColumns(
      't',
      [foreignColumn('a text')],
      [{ ...column('a text'), generated: expression('1') }],
      new Map(),
      180_000,
    ),
  ).toEqual([
    'ALTER FOREIGN TABLE t DROP COLUMN "a"',
    `ALTER FOREIGN TABLE t ADD COLUMN "a" text OPTIONS (column_name 'a') GENERATED ALWAYS AS (1) STORED`,
  ]);
});

const actionsOf = (
  present: Partial<ForeignColumn>[],
  wanted: Partial<Column>[],
  { version = 180_000, renamed = {} }: { version?: number; renamed?: Record<string, string | null> } = {},
): string[] =>
  reconcileColumns(
    't',
    present.map((part) => ({ ...foreignColumn(`${part.name ?? 'a'} text`), ...part })),
    wanted.map((part) => ({ ...column(`${part.name ?? 'a'} text`), ...part })),
    new Map(Object.entries(renamed)),
    version,
  ).map((statement) => statement.replace('ALTER FOREIGN TABLE t ', ''));

const one = expression('1');
const nextval = expression("nextval('s')", null);
const young = expression('uuidv7()', 180_000);

test.each([
  ['missing', null, one, ['ALTER COLUMN "a" SET DEFAULT 1']],
  ['another', expression('2'), one, ['ALTER COLUMN "a" SET DEFAULT 1']],
  ['left over', one, null, ['ALTER COLUMN "a" DROP DEFAULT']],
  ['not to be copied any more', one, nextval, ['ALTER COLUMN "a" DROP DEFAULT']],
  ['never copied', null, nextval, []],
  ['set by hand, where the shard has none', nextval, null, []],
  ['set by hand, where the shard has one', nextval, one, ['ALTER COLUMN "a" SET DEFAULT 1']],
  ['equal', one, one, []],
  ['known to this version', null, young, ['ALTER COLUMN "a" SET DEFAULT uuidv7()']],
])('a default that is %s', (_, present, wanted, actions) => {
  expect(actionsOf([{ default: present }], [{ default: wanted }])).toEqual(actions);
});

test('a default that the veneer cannot evaluate is not copied', () => {
  expect(actionsOf([{}], [{ default: young }], { version: 170_000 })).toEqual([]);
});

test('a default is taken off before its column changes type: it need not be castable', () => {
  expect(actionsOf([{ type: 'boolean', default: one }], [{ type: 'int', default: one }])).toEqual([
    'ALTER COLUMN "a" DROP DEFAULT',
    'ALTER COLUMN "a" TYPE int',
    'ALTER COLUMN "a" SET DEFAULT 1',
  ]);
});

const uses = (name: string): DefaultExpression => ({
  sql: name,
  key: `{"ColumnRef":{"fields":[{"String":{"sval":"${name}"}}]}}`,
  copiedSince: null,
});

test('an expression is dropped in place, before a column that it uses changes', () => {
  expect(
    actionsOf(
      [{ name: 'a' }, { name: 'g', generated: uses('a') }],
      [{ name: 'a', type: 'int' }, { name: 'g' }],
    ),
  ).toEqual(['ALTER COLUMN "g" DROP EXPRESSION', 'ALTER COLUMN "a" TYPE int']);
});

test('an expression is replaced in place since 17, and by a new column before', () => {
  const [present, wanted] = [[{ name: 'g', generated: one }], [{ name: 'g', generated: expression('2') }]];
  expect(actionsOf(present, wanted, { version: 170_000 })).toEqual([
    'ALTER COLUMN "g" SET EXPRESSION AS (2)',
  ]);
  expect(actionsOf(present, wanted, { version: 169_999 })).toEqual([
    'DROP COLUMN "g"',
    `ADD COLUMN "g" text OPTIONS (column_name 'g') GENERATED ALWAYS AS (2) STORED`,
  ]);
});

test('an expression follows the rename of a column that it uses', () => {
  expect(
    actionsOf(
      [{ name: 'a' }, { name: 'g', generated: uses('a') }],
      [{ name: 'b' }, { name: 'g', generated: uses('b') }],
      { renamed: { a: 'b' } },
    ),
  ).toEqual(['RENAME COLUMN "a" TO "b"', `ALTER COLUMN "b" OPTIONS (SET column_name 'b')`]);
});

test('a generated column goes before, and comes back after, a column that it is made of', () => {
  expect(
    actionsOf(
      [{ name: 'a' }, { name: 'g', generated: uses('a') }],
      [
        { name: 'a', type: 'int' },
        { name: 'g', generated: uses('a') },
      ],
    ),
  ).toEqual([
    'DROP COLUMN "g"',
    'ALTER COLUMN "a" TYPE int',
    `ADD COLUMN "g" text OPTIONS (column_name 'g') GENERATED ALWAYS AS (a) STORED`,
  ]);
});

test('what is thought once about lists of columns is thought anew of others, other renames, and another version', () => {
  const plan = planningOnce();
  const [present, wanted] = [[foreignColumn('a int')], [column('b int')]];
  const none = new Map<string, string | null>();
  const first = plan(present, wanted, none, 180_000);
  expect(plan(present, wanted, none, 180_000)).toBe(first);
  const renamed = plan(present, wanted, new Map([['a', 'b']]), 180_000);
  expect(renamed.first).toEqual(['RENAME COLUMN "a" TO "b"']);
  expect(first.first).toEqual(['DROP COLUMN "a"']);
  expect(plan(present, [column('a int')], none, 180_000)).not.toBe(first);
  expect(plan(present, wanted, none, 130_000)).not.toBe(first);
});
