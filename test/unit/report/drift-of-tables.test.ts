import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ForeignTable, Relation } from '../../../src/catalog/relations/relation.js';
import type { TypeRef } from '../../../src/catalog/types/type.js';
import type { Drift } from '../../../src/report/drift/drift.js';
import { tableDrift, type TableComparison } from '../../../src/report/drift/drift-of-tables.js';
import { exposeRelations } from '../../../src/veneer/exposure/definition.js';
import { reconcile } from '../../../src/veneer/tables/reconcile.js';
import { column, definition, exposure, tableOf } from '../veneer/builders.js';
import { edited, edits } from '../veneer/simulated-shard.js';

const relation = (name: string, columns: readonly string[], userType: TypeRef | null = null): Relation => ({
  oid: name,
  schema: 't',
  name,
  isPartition: false,
  kind: 'r',
  filenode: '0',
  insertable: true,
  columns: columns.map((text, index) => ({
    ...column(text),
    attnum: index + 1,
    hasDefault: false,
    computed: null,
    userType,
  })),
});

const compare = (
  relations: readonly Relation[],
  present: readonly ForeignTable[],
  more: Partial<TableComparison> = {},
): Drift[] =>
  tableDrift({
    shard: 's1',
    veneer: 'v',
    version: 180_000,
    exposure: exposure(),
    exposed: exposeRelations(exposure(), relations),
    present,
    occupied: [],
    unsupported: new Map([['1', 't.x is a base type']]),
    ...more,
  });

const shown = (drift: readonly Drift[]): string[] =>
  drift.map(({ kind, grade, object }) => `${kind}: ${grade}: ${object}`);

const books = relation('books', ['id int NOT NULL', 'title text']);
const shownBooks = tableOf(definition('books', ['id int NOT NULL', 'title text']));

test('what is in line is no drift', () => {
  expect(compare([books], [shownBooks])).toEqual([]);
});

test.each<[string, readonly Relation[], readonly ForeignTable[], readonly string[]]>([
  ['not shown', [books], [], ['missing table: error: t.books']],
  ['of a dropped table', [], [shownBooks], ['extra table: error: t.books']],
  [
    'made by somebody else',
    [books],
    [shownBooks, { ...shownBooks, name: 'mine' }],
    ['extra table: cosmetic: t.mine'],
  ],
  [
    'that shows another relation',
    [books],
    [{ ...shownBooks, options: { schema_name: 't', table_name: 'old' } }],
    ['option: wrong answers: t.books'],
  ],
  [
    'of a type that cannot be shown',
    [relation('books', ['id x'], { oid: '1', schema: 't', name: 'x', suffix: '', extension: null })],
    [shownBooks],
    ['unsupported type: invisible: t.books'],
  ],
])('a table %s', (_, relations, present, expected) => {
  expect(shown(compare(relations, present))).toEqual(expected);
});

test('a name that something else bears', () => {
  const [drift] = compare([books], [], { occupied: [{ schema: 't', name: 'books', kind: 'v' }] });
  expect(drift).toMatchObject({
    kind: 'name taken',
    grade: 'wrong answers',
    cure: 'rename or drop it on the veneer, then migrate sync',
  });
});

test('a difference says where it is', () => {
  expect(compare([books], [])[0]?.where).toEqual({ shard: 's1', veneer: 'v', tenant: 't' });
  const foreign = { ...shownBooks, name: 'mine', options: { schema_name: 'elsewhere', table_name: 'x' } };
  expect(compare([], [foreign])[0]?.where).toEqual({ shard: 's1', veneer: 'v' });
});

const shards = edits.map((changes) => edited([], changes));

test('there is drift exactly where sync has something to do', () => {
  fc.assert(
    fc.property(shards, shards, (now, before) => {
      const wanted = exposeRelations(exposure(), now).map((one) => one.definition);
      const present = exposeRelations(exposure(), before).map((one) => tableOf(one.definition));
      const changes = reconcile({ wanted, present, renames: [], version: 180_000 });
      expect(compare(now, present).length > 0).toBe(changes.length > 0);
    }),
    { numRuns: 500 },
  );
});
