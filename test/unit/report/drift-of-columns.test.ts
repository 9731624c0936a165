import { expect, test } from '@jest/globals';
import type { ForeignColumn, ShardColumn } from '../../../src/catalog/relations/relation.js';
import { columnDifferences, type Difference } from '../../../src/report/drift/drift-of-columns.js';
import { expression, column, definition, foreignColumn, tableOf } from '../veneer/builders.js';

const shardColumn = (text: string, more: Partial<ShardColumn> = {}): ShardColumn => ({
  ...column(text),
  attnum: 1,
  hasDefault: false,
  computed: null,
  userType: null,
  ...more,
});

function differences(
  present: readonly (string | ForeignColumn)[],
  wanted: readonly (string | ShardColumn)[],
  version = 180_000,
): Difference[] {
  const columns = present.map((one) => (typeof one === 'string' ? foreignColumn(one) : one));
  const shard = wanted.map((one) => (typeof one === 'string' ? shardColumn(one) : one));
  return columnDifferences({ ...tableOf(definition('t', [])), columns }, shard, version);
}

const C = { schema: 'pg_catalog', name: 'C' };

test.each<[string, Parameters<typeof differences>, readonly string[]]>([
  ['nothing', [['a int'], ['a int']], []],
  ['a column more on the shard', [['a int'], ['a int', 'b int']], ['missing column: invisible: b']],
  [
    'one that must have a value',
    [['a int'], ['a int', 'b int NOT NULL']],
    ['missing column: writes break: b'],
  ],
  [
    'one that must have a value, and gets one by default',
    [['a int'], ['a int', shardColumn('b int NOT NULL', { hasDefault: true })]],
    ['missing column: invisible: b'],
  ],
  ['a column more on the veneer', [['a int', 'b int'], ['a int']], ['extra column: error: b']],
  ['another scale', [['a numeric(10,2)'], ['a numeric(10,4)']], ['column type: wrong answers: a']],
  ['another type', [['a text'], ['a int']], ['column type: error: a']],
  ['a collation', [['a text'], [shardColumn('a text', { collation: C })]], ['collation: wrong answers: a']],
  [
    'a NOT NULL that is not true, since 17',
    [['a int NOT NULL'], ['a int'], 170_000],
    ['nullability: wrong answers: a'],
  ],
  [
    'a NOT NULL that is not true, before',
    [['a int NOT NULL'], ['a int'], 160_009],
    ['nullability: writes break: a'],
  ],
  ['a NOT NULL that is not told', [['a int'], ['a int NOT NULL']], ['nullability: cosmetic: a']],
  [
    'a generated column',
    [['a int'], [shardColumn('a int', { generated: expression('1') })]],
    ['generated expression: writes break: a'],
  ],
  [
    'a column that shows another',
    [
      [foreignColumn('a int', 'x'), 'b int'],
      ['a int', 'b int'],
    ],
    ['option: wrong answers: a'],
  ],
  ['a column under another name', [[foreignColumn('label int', 'a')], ['a int']], ['option: error: label']],
  [
    'another order',
    [
      ['b int', 'a int'],
      ['a int', 'b int'],
    ],
    ['column order: writes break: null'],
  ],
])('%s', (_, [present, wanted, version], expected) => {
  const found = differences(present, wanted, version);
  expect(found.map(({ kind, grade, column: name }) => `${kind}: ${grade}: ${name}`)).toEqual(expected);
  for (const { text, consequence } of found)
    expect(Math.min(text.length, consequence.length)).toBeGreaterThan(10);
});
