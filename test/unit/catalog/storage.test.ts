import { expect, test } from '@jest/globals';
import type { Behind } from '../../../src/catalog/sql/behind-sql.js';
import { findGains, replacedStorage, type FormerRelation } from '../../../src/catalog/relations/storage.js';

/** `file`: 0 for a view or a partitioned table. `behind`: oids, with bounds behind a slash. */
const relation = (oid: string, name: string, file = oid, behind: readonly string[] = []): FormerRelation => ({
  oid,
  schema: 't',
  name,
  filenode: file,
  columns: [],
  behind: behind.map((one): Behind => {
    const [table = '', bounds = ''] = one.split('/');
    return { oid: table, bounds };
  }),
});

/** The names behind which rows are others now, where all tables but those named hold some. */
function replaced(
  before: readonly FormerRelation[],
  after: readonly FormerRelation[],
  empty: readonly string[] = [],
): string[] {
  const gains = findGains(before, {
    relations: after,
    behind: new Map(after.map(({ oid, behind }) => [oid, behind])),
  });
  const filled = new Set([...gains.values()].flat().filter((oid) => !empty.includes(oid)));
  return replacedStorage(before, after, { gains, filled }).map(({ name }) => name);
}

const table = relation('1', 'a');

test('a table with another file is rewritten, one of another name is not', () => {
  expect(replaced([table], [relation('1', 'a', '9')])).toEqual(['a']);
  expect(replaced([table], [relation('1', 'b')])).toEqual([]);
  expect(replaced([table], [])).toEqual([]);
});

test('a name is replaced by whatever gets its rows from another table', () => {
  expect(replaced([table], [relation('2', 'a')])).toEqual(['a']);
  expect(replaced([table], [relation('2', 'a', '0', ['3'])])).toEqual(['a']);
  expect(replaced([table], [relation('1', 'b'), relation('2', 'a', '0', ['1'])])).toEqual([]);
});

test('a view or parent is replaced where it gains a table that holds something', () => {
  const was = relation('2', 'v', '0', ['1']);
  expect(replaced([was], [relation('2', 'v', '0', ['1', '3'])])).toEqual(['v']);
  expect(replaced([was], [relation('2', 'v', '0', ['1', '3'])], ['3'])).toEqual([]);
  expect(replaced([was], [relation('2', 'renamed', '0', ['3'])])).toEqual(['v']);
  expect(replaced([was], [relation('2', 'v', '0', [])])).toEqual([]);
});

test('a partition counts where its bounds have changed, not where a table becomes one', () => {
  expect(replaced([relation('2', 'p', '0', ['1/x'])], [relation('2', 'p', '0', ['1/y'])])).toEqual(['p']);
  expect(replaced([relation('2', 'p', '0', ['1/x'])], [relation('2', 'p', '0', ['1/x'])])).toEqual([]);
  expect(replaced([table], [relation('1', 'b'), relation('2', 'a', '0', ['1/x'])])).toEqual([]);
});
