import TestSequencer from '@jest/test-sequencer';

/** What takes minutes begins first: last, it would run alone, on one of the workers. */
const LONGEST = [
  'crash/runner-killed.test.ts',
  'crash/runner-killed-lock-step.test.ts',
  'crash/runner-killed-side-by-side.test.ts',
  'fuzz/schedules.test.ts',
  'crash/servers-killed.test.ts',
  'integration/backfill.test.ts',
  'drift/catalogue.test.ts',
  'integration/many-databases.test.ts',
];

/** Jest's own order, which knows the sizes of files alone on a fresh clone, behind these. */
export default class extends TestSequencer {
  sort(tests) {
    const place = ({ path }) => {
      const found = LONGEST.findIndex((name) => path.endsWith(name));
      return found < 0 ? LONGEST.length : found;
    };
    // oxlint-disable-next-line unicorn/no-array-sort -- it is the sequencer's, of Jest
    return super.sort(tests).toSorted((a, b) => place(a) - place(b));
  }
}
