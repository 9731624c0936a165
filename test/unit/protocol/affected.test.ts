import { expect, test } from '@jest/globals';
import { affectedBy } from '../../../src/protocol/align/affected.js';

const inTenants = <T>(make: (schema: string) => T): T[] => ['a', 'b', 'c'].map(make);

test('names are known once, whatever the tenants: they are filled in for each of them', () => {
  const affected = affectedBy({
    changes: [
      ...inTenants((schema) => ({ kind: 'alter' as const, remote: { schema, name: 'lines' } })),
      ...inTenants((schema) => ({ kind: 'create' as const, remote: { schema, name: 'notes' } })),
    ],
    gated: inTenants(() => 'orders'),
    renames: inTenants((schema) => ({
      from: { schema, name: 'lines' },
      to: { schema, name: 'order_lines' },
    })),
    fence: false,
  });
  expect(affected).toEqual({
    relations: ['lines', 'orders'],
    names: ['lines', 'notes', 'order_lines'],
    fence: false,
  });
});

test('a relation that was renamed and is not shown differently for it is none to be read', () => {
  const renames = [{ from: { schema: 'a', name: 'hidden' }, to: { schema: 'a', name: 'secret' } }];
  expect(affectedBy({ changes: [], gated: [], renames, fence: true }).names).toEqual([]);
});
