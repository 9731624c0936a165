import { expect, test } from '@jest/globals';
import { newParking, type Guest } from '../../../src/postgres/parking.js';

/** Writes down who was evicted. */
const guestsOf = (evicted: string[]): ((name: string) => Guest) => {
  const guests = new Map<string, Guest>();
  return (name) => {
    const guest = guests.get(name) ?? { evict: async () => void evicted.push(name) };
    guests.set(name, guest);
    return guest;
  };
};

/** Whether a promise has settled by now. */
const isDone = (promise: Promise<unknown>): Promise<boolean> =>
  Promise.race([promise.then(() => true), new Promise<boolean>((resolve) => setImmediate(resolve, false))]);

test('a place that is free is taken at once, then that of whoever was idle for longest', async () => {
  const evicted: string[] = [];
  const guest = guestsOf(evicted);
  const parking = newParking(2);
  await parking.enter();
  await parking.enter();
  parking.idle(guest('a'));
  parking.idle(guest('b'));
  await parking.enter();
  expect(evicted).toEqual(['a']);
});

test('while all are busy a newcomer waits, until one is idle or leaves', async () => {
  const evicted: string[] = [];
  const guest = guestsOf(evicted);
  const parking = newParking(1);
  await parking.enter();
  const [second, third] = [parking.enter(), parking.enter()];
  expect(await isDone(second)).toBe(false);
  parking.idle(guest('first'));
  expect(await isDone(second)).toBe(true);
  expect(await isDone(third)).toBe(false);
  parking.leave();
  expect(await isDone(third)).toBe(true);
  expect(evicted).toEqual(['first']);
});

test('whoever is busy again is not evicted; those that are idle can be sent away', async () => {
  const evicted: string[] = [];
  const guest = guestsOf(evicted);
  const parking = newParking(2);
  await parking.enter();
  await parking.enter();
  parking.idle(guest('a'));
  parking.idle(guest('b'));
  parking.busy(guest('a'));
  await parking.clear();
  expect(evicted).toEqual(['b']);
  // One place is free again, and only one.
  await parking.enter();
  expect(await isDone(parking.enter())).toBe(false);
});
