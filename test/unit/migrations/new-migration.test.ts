import { expect, test } from '@jest/globals';
import { newName, refuseEarlyName } from '../../../src/migrations/files/new-migration.js';

const NOW = new Date('2026-01-05T09:00:00.007Z');

test.each([
  ['Create Authors', '20260105090000007_create-authors'],
  ['createAuthors', '20260105090000007_create-authors'],
  ['create_authors!', '20260105090000007_create-authors'],
  ['Bücher & Café', '20260105090000007_bucher-cafe'],
  ['0042_authors', '0042_authors'],
  ['42 authors of 2026', '42_authors-of-2026'],
  ['../../etc/passwd', '20260105090000007_etc-passwd'],
])('%s makes %s', (typed, name) => {
  expect(newName(typed, NOW)).toBe(name);
});

test.each(['', ' ', '--', '/', '12_', 'a'.repeat(101), '20269999090000000_x'])(
  '%j makes no name',
  (typed) => {
    expect(() => newName(typed, NOW)).toThrow(
      expect.objectContaining({ facts: expect.objectContaining({ exitCode: 64 }) }),
    );
  },
);

test('a name that would not be the last is refused, and one that no order tells from another', () => {
  expect(() => refuseEarlyName('3_b', ['1_a', '2_b', 'R__views', 'README'])).not.toThrow();
  expect(() => refuseEarlyName('3_b', ['4_a'])).toThrow('3_b would sort before 4_a');
  expect(() => refuseEarlyName('003_b', ['3_b'])).toThrow('there is a migration 3_b already');
  expect(() => refuseEarlyName('20260105090000007_b', ['20260105090000_a'])).toThrow('would sort before');
});
