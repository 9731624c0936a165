import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { leaveOut } from '../../../src/fleet/leave-out.js';

const named = (...names: readonly string[]) => names.map((name) => ({ name, key: name }));
const fleet = {
  veneers: named('blue', 'green', 's1'),
  leftOut: [],
  shards: named('s1'),
} as unknown as Config;

test('the others stay, in the order of their names', () => {
  const { veneers, leftOut } = leaveOut(fleet, ['green']);
  expect([veneers, leftOut].map((list) => list.map(({ name }) => name))).toEqual([['blue', 's1'], ['green']]);
});

test.each([
  [['greem'], /^no veneer of this fleet is called greem; did you mean green\?$/],
  [['s1'], /^s1 is a shard too, and cannot be left out$/],
])('%j is refused', (names, message) => {
  expect(() => leaveOut(fleet, names)).toThrow(message);
});

test('one has to be left', () => {
  const two = { ...fleet, veneers: fleet.veneers.slice(0, 2) };
  expect(() => leaveOut(two, ['blue', 'green'])).toThrow('no veneer would be left');
});
