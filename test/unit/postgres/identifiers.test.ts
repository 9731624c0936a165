import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ident, literal, nameKey, qualified } from '../../../src/postgres/identifiers.js';

test('every name is quoted, whatever is in it', () => {
  expect(qualified({ schema: `O'Brien "x"`, name: 'select' })).toBe(`"O'Brien ""x"""."select"`);
  expect(literal(`O'Brien \\`)).toBe(` E'O''Brien \\\\'`);
});

test('a quoted name ends where the name ends', () => {
  fc.assert(
    fc.property(fc.string(), (name) =>
      expect(ident(name).slice(1, -1).replaceAll('""', '')).not.toContain('"'),
    ),
  );
});

test('two names never share a key', () => {
  const names = fc.record({ schema: fc.string(), name: fc.string() });
  fc.assert(
    fc.property(names, names, (a, b) => {
      expect(nameKey(a) === nameKey(b)).toBe(a.schema === b.schema && a.name === b.name);
    }),
  );
  expect(nameKey({ schema: 'a.b', name: 'c' })).not.toBe(nameKey({ schema: 'a', name: 'b.c' }));
});
