import { expect, test } from '@jest/globals';
import { age, duration, names, plural } from '../../../src/render/blocks/words.js';

test.each([
  [0.4, '0 ms'],
  [41, '41 ms'],
  [1234, '1.2 s'],
  [59_949, '59.9 s'],
  [59_990, '1 min 0 s'],
  [125_000, '2 min 5 s'],
])('%d milliseconds are %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [42.9, '42 s'],
  [200, '3 min'],
  [7200, '2 h'],
  [172_800, '2 days'],
])('%d seconds are %s', (seconds, text) => {
  expect(age(seconds)).toBe(text);
});

test('long lists are cut and counted', () => {
  const list = Array.from({ length: 2000 }, (_, index) => `t${index}`);
  expect(names(list, 2)).toBe('t0, t1 and 1,998 more');
  expect(names(['a', 'b'], 2)).toBe('a, b');
  expect(plural(1, 'tenant')).toBe('1 tenant');
  expect(plural(1950, 'tenant')).toBe('1,950 tenants');
});
