import { expect, test } from '@jest/globals';
import { UNBUILT } from '../../../src/config/unbuilt.js';
import { problemsOf, SMALL } from './project.js';

/** [the text to replace in SMALL, its replacement, the place and path of the one problem] */
const CASES: readonly (readonly [string, string, string])[] = [
  ['roles:', 'expose: [{ from: "{schema}.x", union: a.b }]\nroles:', '12:39 expose[0].union'],
];

test.each(CASES)('%j as %j is refused with one sentence', async (from, to, place) => {
  expect(SMALL).toContain(from);
  const problems = await problemsOf(SMALL.replace(from, () => to));
  expect(problems).toHaveLength(1);
  expect(problems[0]?.startsWith(`shards.yaml:${place}: `)).toBe(true);
  expect(problems[0]).toMatch(/ (is|are) not built yet/);
});

test('every refusal of the table is tried above', async () => {
  const found = await Promise.all(CASES.map(([from, to]) => problemsOf(SMALL.replace(from, () => to))));
  const sentences = found.flat().map((line) => line.replace(/^\S+ \S+: /, ''));
  expect([...new Set(sentences)].toSorted()).toEqual(
    [...new Set(UNBUILT.map(({ says }) => says))].toSorted(),
  );
});

test('veneers of the wrong kind are one problem, not also missing', async () => {
  const yaml = SMALL.replace(/veneers:[^]*shards:/, 'veneers: 3\nshards:');
  expect(await problemsOf(yaml)).toEqual([
    'shards.yaml:2:10 veneers: expected a map from names to veneers, got a number',
  ]);
});
