import { afterAll, expect, test } from '@jest/globals';
import { crashFleet } from '../support/crash-fleet.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { killedRun } from '../support/crash-matrix.js';
import { expectHealed } from '../support/crash-proof.js';

const crash = await crashFleet(await freshFleet(), 'one shard after the other');

afterAll(() => crash.fleet.close());

/** All have voted yes and nobody has committed: what comes next must commit. */
const voted = { command: 'up', dieAt: 'before commit prepared:shard2#1' } as const;

test.each([
  'before commit prepared:shard2',
  'after commit prepared:shard2',
  'before commit prepared:veneer',
  'after commit prepared:veneer',
])('killed after the vote, and the run that settles killed %s', async (point) => {
  await crash.add('rename column');
  await killedRun(crash, voted);
  await killedRun(crash, { command: 'recover', dieAt: `${point}#1` });
  expect(await crash.commands.recover()).toMatchObject({ exitCode: 0 });
  expect(await crash.commands.up()).toMatchObject({ exitCode: 0 });
  await expectHealed(crash);
});

/** One has voted, and the other's PREPARE was never sent: what comes next must roll back. */
test.each([
  ['shard2', 'veneer'],
  ['veneer', 'shard2'],
])(
  'killed when only %s had voted, and the run that settles killed before and after it rolls back',
  async (first, second) => {
    for (const when of ['before', 'after']) {
      await crash.add('rename column');
      const occurrence = first === 'veneer' ? 2 : 1;
      const held = `before prepare:${second}#${second === 'veneer' ? 2 : 1}`;
      await killedRun(crash, {
        command: 'up',
        dieAt: `after prepare:${first}#${occurrence}`,
        waitAt: [held],
      });
      await killedRun(crash, { command: 'recover', dieAt: `${when} rollback prepared:${first}#1` });
      const report = await crash.commands.up();
      expect(report).toMatchObject({ exitCode: 0, settled: [{ ending: 'rolled back' }] });
      await expectHealed(crash);
    }
  },
);
