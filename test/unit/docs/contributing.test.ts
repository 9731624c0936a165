import { expect, test } from '@jest/globals';
import { read, section } from './documents.js';

const CONTRIBUTING = read('CONTRIBUTING.md');

test('every npm script that it names exists', () => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = [...CONTRIBUTING.matchAll(/\bnpm run ([a-z:]+)/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(4);
  expect(named.filter((name) => !(name in scripts))).toEqual([]);
});

test('it has ten principles', () => {
  expect(section(CONTRIBUTING, '## Ten principles').match(/^\d+\. \*\*/gm)).toHaveLength(10);
});
