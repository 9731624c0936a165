import { expect, test } from '@jest/globals';
import { newName, refuseEarlyName } from '../../../src/migrations/files/new-migration.js';
import { load, loadError } from './folder.js';

test('repeatables come last, by name', async () => {
  const files = { 'R__b.sql': '', 'R__a.sql': '', '9_z.sql': '', '20990101000000000_y.sql': '' };
  expect((await load(files)).map(({ name }) => name)).toEqual(['9_z', '20990101000000000_y', 'R__a', 'R__b']);
});

test('one without a transaction is refused', async () => {
  expect((await loadError({ 'R__a.sql': '-- no-transaction\nVACUUM a' })).message).toBe(
    'a repeatable cannot run without a transaction',
  );
});

test('create makes one', () => {
  expect(newName('R__All Titles', new Date())).toBe('R__all-titles');
  expect(() => refuseEarlyName('R__a', ['R__a'])).toThrow('there is a migration R__a already');
  expect(() => refuseEarlyName('R__a', ['R__b', '1_x'])).not.toThrow();
  expect(() => newName('R__', new Date())).toThrow('no name can be made');
});
