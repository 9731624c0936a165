import { expect, test } from '@jest/globals';
import { newPermits } from '../../../src/protocol/run/permits.js';

const settled = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

test('permits go out in the order in which they were asked for, so that a step of many shards is not passed by', async () => {
  const permits = newPermits(2);
  const got: string[] = [];
  const take = (name: string, count: number): Promise<() => void> =>
    permits.take(count).then((giveBack) => (got.push(name), giveBack));
  const first = await take('first', 1);
  const both = take('both', 2);
  const last = take('last', 1);
  await settled();
  expect(got).toEqual(['first']);
  first();
  (await both)();
  (await last)();
  expect(got).toEqual(['first', 'both', 'last']);
});

test('whoever asks for more than there are gets all of them, alone', async () => {
  const permits = newPermits(2);
  const giveBack = await permits.take(5);
  let others = 0;
  const other = permits.take(1).then(() => others++);
  await settled();
  expect(others).toBe(0);
  giveBack();
  await other;
  expect(others).toBe(1);
});
