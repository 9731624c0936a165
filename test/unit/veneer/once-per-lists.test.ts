import { expect, test } from '@jest/globals';
import { oncePerLists } from '../../../src/once-per-lists.js';

test('lists are thought about once, in its order and with whatever else it depends on', () => {
  const thoughts: string[] = [];
  const once = oncePerLists<string | undefined>();
  const [a, b] = [[1], [1]];
  const think = (one: object, other: object, rest: string, thought: string): string | undefined =>
    once([one, other], rest, () => {
      thoughts.push(thought);
      return thought === 'nothing' ? undefined : thought;
    });
  expect(think(a, b, '', 'first')).toBe('first');
  expect(think(a, b, '', 'again')).toBe('first');
  expect(think(b, a, '', 'the other way round')).toBe('the other way round');
  expect(think(a, a, '', 'nothing')).toBe(undefined);
  expect(think(a, a, '', 'still nothing')).toBe(undefined);
  expect(think(a, b, 'more', 'with more')).toBe('with more');
  expect(thoughts).toEqual(['first', 'the other way round', 'nothing', 'with more']);
});
