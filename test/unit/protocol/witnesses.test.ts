import { expect, test } from '@jest/globals';
import type { Config } from '../../../src/config/config.js';
import { witnessesOf } from '../../../src/protocol/run/witnesses.js';

const named = (...names: readonly string[]) => names.map((name) => ({ name, key: name }));

const fleet = (
  veneers: readonly string[],
  shards: readonly { name: string; key: string }[],
  leftOut: readonly string[] = [],
): Config =>
  ({ veneers: named(...veneers), leftOut: named(...leftOut), unlisted: [], shards }) as unknown as Config;

test('of a fleet that can leave its first member out each shard is a witness, and all other veneers together', () => {
  const config = fleet(['blue', 'green', 'red'], named('s1', 's2'));
  expect(witnessesOf(config, 'blue')).toEqual([['s1'], ['s2'], ['green', 'red']]);
});

test('a veneer that is left out counts as one that others may have', () => {
  expect(witnessesOf(fleet(['green'], named('s1'), ['blue']), 'green')).toEqual([['s1'], ['blue']]);
});

test('of databases of one server the first alone is a witness: the anchors of the others come and go', () => {
  const shards = [
    { name: 's1/a', key: 's1' },
    { name: 's1/b', key: 's1' },
  ];
  expect(witnessesOf(fleet(['blue', 'green'], shards), 'blue')).toEqual([['s1/a'], ['green']]);
});

test.each([
  ['one veneer', fleet(['blue'], named('s1')), 'blue'],
  ['no veneer', fleet([], named('s1', 's2')), 's1'],
  ['a mesh', fleet(['s1', 's2'], named('s1', 's2')), 's1'],
])('none is needed where nobody can leave the first member out: %s', (_, config, first) => {
  expect(witnessesOf(config, first)).toEqual([]);
});
