import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { reconcileEnum } from '../../../src/veneer/types/reconcile-enum.js';

/** Just enough of PostgreSQL: what ALTER TYPE makes of an enum's labels. Throws where the server would refuse. */
function applied(labels: readonly string[], statement: string): string[] {
  const rename = /RENAME VALUE '(\w+)' TO '(\w+)'$/.exec(statement);
  if (rename !== null) {
    const [, from = '', to = ''] = rename;
    if (!labels.includes(from) || labels.includes(to)) throw new Error(statement);
    return labels.map((label) => (label === from ? to : label));
  }
  const [, label = '', place, beside = ''] =
    /ADD VALUE '(\w+)'(?: (BEFORE|AFTER) '(\w+)')?$/.exec(statement) ?? [];
  if (label === '' || labels.includes(label)) throw new Error(statement);
  if (place === undefined) return [...labels, label];
  if (!labels.includes(beside)) throw new Error(statement);
  return labels.toSpliced(labels.indexOf(beside) + (place === 'AFTER' ? 1 : 0), 0, label);
}

const run = (labels: readonly string[], statements: readonly string[]): string[] =>
  statements.reduce((now: string[], statement) => applied(now, statement), [...labels]);

const labels = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), { maxLength: 6 });

test('the statements make the wanted labels in their order, whatever stood there', () => {
  fc.assert(
    fc.property(labels, labels, (present, wanted) => {
      const statements = reconcileEnum('t', present, wanted, new Map());
      const kept = wanted.filter((label) => present.includes(label));
      const possible =
        kept.length === present.length && kept.every((label, index) => label === present[index]);
      expect(statements !== null).toBe(possible);
      if (statements !== null) expect(run(present, statements)).toEqual(wanted);
    }),
  );
});

test('a new label that the same transaction uses makes the type anew', () => {
  expect(reconcileEnum('t', ['a'], ['a', 'b'], new Map(), new Set(['a']))).toHaveLength(1);
  expect(reconcileEnum('t', ['a'], ['a', 'b'], new Map(), new Set(['b']))).toBeNull();
});

test('renamed labels are renamed, in any cycle, and new ones are added between them', () => {
  fc.assert(
    fc.property(labels, labels, fc.array(fc.nat(6), { maxLength: 6 }), (present, names, places) => {
      const renamed = new Map(
        present.flatMap((label, index) => (names[index] === undefined ? [] : [[label, names[index]]])),
      );
      const now = present.map((label) => renamed.get(label) ?? label);
      fc.pre(new Set(now).size === now.length);
      const wanted = places.reduce((list: string[], at, index) => list.toSpliced(at, 0, `new${index}`), now);
      const statements = reconcileEnum('t', present, wanted, renamed);
      expect(statements === null ? null : run(present, statements)).toEqual(wanted);
    }),
  );
});
