import { expect, test } from '@jest/globals';
import { asDefault, readExpressions, withoutTree } from '../../../src/catalog/expressions/expression.js';
import type { Column } from '../../../src/catalog/relations/relation.js';
import { mapColumns } from '../../../src/veneer/exposure/map-types.js';

const MOOD = { oid: '1', schema: 'acme', name: 'mood', suffix: '', extension: null };
const PLAIN = { collation: null, notNull: false, generated: null, default: null };

const parsed = async (sql: string) => (await readExpressions([sql])).get(sql)!;

test('a type has its name of the veneer in defaults and generated expressions, too', async () => {
  const columns: Column[] = [
    {
      ...PLAIN,
      name: 'm',
      type: 'acme.mood',
      userType: MOOD,
      default: asDefault(await parsed("'sad'::acme.mood"), MOOD),
    },
    { ...PLAIN, name: 'n', type: 'integer', userType: null, generated: withoutTree(await parsed("CASE WHEN (m = 'acme.mood'::acme.mood) THEN 1 ELSE 2 END")) }, // prettier-ignore
  ];
  const [m, n] = mapColumns(columns, () => ({ schema: 'public', name: 'acme_mood' }));
  expect(m).toMatchObject({
    type: '"public"."acme_mood"',
    userType: { schema: 'public', name: 'acme_mood' },
    default: {
      ...asDefault(await parsed(`'sad'::"public"."acme_mood"`), { schema: 'public', name: 'acme_mood' }),
    },
  });
  expect(n?.generated?.sql).toBe(`CASE WHEN (m = 'acme.mood'::"public"."acme_mood") THEN 1 ELSE 2 END`);
});

test('where no column has a type of its own, nothing changes', () => {
  const columns: Column[] = [{ ...PLAIN, name: 'n', type: 'integer', userType: null }];
  expect(mapColumns(columns, (type) => type)).toEqual(columns);
});
