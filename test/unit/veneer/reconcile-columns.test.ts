import { expect, test } from '@jest/globals';
import type { ForeignColumn } from '../../../src/catalog/relation.js';
import { reconcileColumns } from '../../../src/veneer/reconcile-columns.js';
import { column, foreignColumn } from './builders.js';

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

test.each(cases)('$name', ({ present, wanted, renamed = {}, actions }) => {
  const columns = present.map((one) =>
    typeof one === 'string' ? foreignColumn(one) : foreignColumn(one[0], one[1]),
  );
  expect(reconcileColumns('t', columns, wanted.map(column), new Map(Object.entries(renamed)))).toEqual(
    actions.map((action) => `ALTER FOREIGN TABLE t ${action}`),
  );
});

test('a column without column_name gets one', () => {
  const bare: ForeignColumn = { ...column('a int'), options: {} };
  expect(reconcileColumns('t', [bare], [column('a int')], new Map())).toEqual([
    `ALTER FOREIGN TABLE t ALTER COLUMN "a" OPTIONS (ADD column_name 'a')`,
  ]);
});

test('a collation is set with the type; a generated expression makes the column anew', () => {
  const collated = { ...column('a text'), collation: { schema: 'pg_catalog', name: 'C' } };
  expect(reconcileColumns('t', [foreignColumn('a text')], [collated], new Map())).toEqual([
    'ALTER FOREIGN TABLE t ALTER COLUMN "a" TYPE text COLLATE "pg_catalog"."C"',
  ]);
  expect(
    reconcileColumns('t', [foreignColumn('a text')], [{ ...column('a text'), generated: '1' }], new Map()),
  ).toEqual([
    'ALTER FOREIGN TABLE t DROP COLUMN "a"',
    `ALTER FOREIGN TABLE t ADD COLUMN "a" text OPTIONS (column_name 'a') GENERATED ALWAYS AS (1) STORED`,
  ]);
});
