import { expect, test } from '@jest/globals';
import { allDone } from '../../../src/postgres/all-done.js';

const failed = (code: string): Error => Object.assign(new Error(code), { code });

test('answers come in their order', async () => {
  const late = new Promise<string>((resolve) => setImmediate(() => resolve('late')));
  expect(await allDone([late, Promise.resolve(2)])).toEqual(['late', 2]);
});

test('what broke the transaction is thrown, not what it broke, whoever was heard of first', async () => {
  const broke = new Promise<never>((_, reject) => setImmediate(() => reject(failed('55P03'))));
  const broken = (): Promise<never> => Promise.reject(failed('25P02'));
  await expect(allDone([broken(), broke, broken()])).rejects.toThrow('55P03');
  await expect(allDone([broken()])).rejects.toThrow('25P02');
});

test('nothing is thrown before all have ended', async () => {
  let ended = false;
  const late = new Promise<void>((resolve) =>
    setImmediate(() => {
      ended = true;
      resolve();
    }),
  );
  await expect(allDone([Promise.reject(failed('55P03')), late])).rejects.toThrow('55P03');
  expect(ended).toBe(true);
});
