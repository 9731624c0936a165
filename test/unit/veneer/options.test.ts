import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Options } from '../../../src/catalog/relations/relation.js';
import { optionsOf } from '../../../src/catalog/relations/relation.js';
import {
  alterOptions,
  createOptions,
  maskPasswords,
  optionChanges,
} from '../../../src/veneer/tables/options.js';

test('the changes that turn one set of options into another, and no others', () => {
  const changes = optionChanges(
    { host: 'a', port: '1', fetch_size: '5' },
    { host: 'b', port: '1', dbname: `o'b` },
  );
  expect(alterOptions(changes)).toBe(`OPTIONS (SET "host" 'b', ADD "dbname" 'o''b', DROP "fetch_size")`);
});

test('CREATE writes no verbs, and people see no password', () => {
  const changes = optionChanges({}, { user: 'u', password: 'p' });
  expect(createOptions(changes)).toBe(`OPTIONS ("user" 'u', "password" 'p')`);
  expect(createOptions(maskPasswords(changes))).toBe(`OPTIONS ("user" 'u', "password" '***')`);
});

test('an option of the catalogs may hold an equals sign, or nothing', () => {
  expect(optionsOf(['a=b=c', 'd='])).toEqual({ a: 'b=c', d: '' });
  expect(optionsOf(null)).toEqual({});
});

const options = fc.dictionary(fc.string({ minLength: 1, maxLength: 2 }), fc.string({ maxLength: 2 }));

const apply = (present: Options, wanted: Options): Options => {
  const result = new Map(Object.entries(present));
  for (const { verb, name, value } of optionChanges(present, wanted)) {
    expect(result.has(name)).toBe(verb !== 'ADD');
    if (verb === 'DROP') result.delete(name);
    else result.set(name, value);
  }
  return Object.fromEntries(result);
};

test('applying the changes leaves none', () => {
  fc.assert(
    fc.property(options, options, (present, wanted) => {
      expect(optionChanges(apply(present, wanted), wanted)).toEqual([]);
    }),
  );
});
