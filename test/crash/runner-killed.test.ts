import { expect, test } from '@jest/globals';
import { killEverywhere } from '../support/kill-everywhere.js';

const MINUTES = 60_000;

test(
  'the runner is killed at every named point of two-phase, and the next up makes the fleet whole',
  async () => {
    const points = await killEverywhere([]);
    for (const word of ['begin', 'statements', 'intent', 'prepare', 'commit prepared', 'commit', 'close']) {
      expect(
        points.some((point) => point.startsWith(`before ${word}`) || point.startsWith(`after ${word}`)),
      ).toBe(true);
    }
  },
  45 * MINUTES,
);
