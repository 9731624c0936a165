import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { ForeignTable, Relation } from '../../../src/catalog/relations/relation.js';
import { findRenames } from '../../../src/catalog/relations/renames.js';
import { exposeRelations, type Definition } from '../../../src/veneer/exposure/definition.js';
import { reconcile } from '../../../src/veneer/tables/reconcile.js';
import { exposure, tableOf } from './builders.js';
import { edited, edits, raw } from './simulated-shard.js';
import { applyChanges } from './simulated-veneer.js';

const definitionsOf = (tables: readonly Relation[]): Definition[] =>
  exposeRelations(exposure(), tables).map(({ definition }) => definition);

/** The veneer that shows these tables, each foreign table with an oid of its own. */
const veneerOf = (tables: readonly Relation[]): ForeignTable[] =>
  definitionsOf(tables).map((definition, index) => tableOf(definition, `f${tables[index]?.oid}`));

const shown = (tables: readonly ForeignTable[]): unknown =>
  tables
    .map(({ name, options, columns }) => ({
      name,
      table: options['table_name'],
      columns: columns.map((one) => `${one.name}=${one.options['column_name']} ${one.type} ${one.notNull}`),
    }))
    .toSorted((a, b) => a.name.localeCompare(b.name));

const shardBefore = edits.map((changes) => edited([], changes));

test('whatever a migration does, applying the changes makes the veneer what the shard is, and a second look finds nothing', () => {
  fc.assert(
    fc.property(shardBefore, edits, (before, changes) => {
      const after = edited(before, changes);
      const renames = findRenames(raw(before), after).map((rename) => ({ ...rename, was: rename.from }));
      const wanted = definitionsOf(after);
      const present = applyChanges(
        veneerOf(before),
        reconcile({ wanted, present: veneerOf(before), renames, version: 180_000 }),
      );
      expect(shown(present)).toEqual(shown(veneerOf(after)));
      expect(reconcile({ wanted, present, renames: [], version: 180_000 })).toEqual([]);
    }),
    { numRuns: 1000 },
  );
});

test('a table that the shard still has keeps its oid on the veneer, whatever it is called now', () => {
  fc.assert(
    fc.property(shardBefore, edits, (before, changes) => {
      const after = edited(before, changes);
      const renames = findRenames(raw(before), after).map((rename) => ({ ...rename, was: rename.from }));
      const present = applyChanges(
        veneerOf(before),
        reconcile({ wanted: definitionsOf(after), present: veneerOf(before), renames, version: 180_000 }),
      );
      const oids = new Map(present.map(({ name, oid }) => [name, oid]));
      for (const { oid, name } of after)
        if (before.some((was) => was.oid === oid)) expect(oids.get(name)).toBe(`f${oid}`);
    }),
    { numRuns: 500 },
  );
});

test('sync, which knows of no renames, makes them equal as well', () => {
  fc.assert(
    fc.property(shardBefore, shardBefore, (before, after) => {
      const wanted = definitionsOf(after);
      const present = applyChanges(
        veneerOf(before),
        reconcile({ wanted, present: veneerOf(before), renames: [], version: 180_000 }),
      );
      expect(shown(present)).toEqual(shown(veneerOf(after)));
      expect(reconcile({ wanted, present, renames: [], version: 180_000 })).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
