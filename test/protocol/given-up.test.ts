import { expect, test } from '@jest/globals';
import { preparedIn } from '../support/leave-attempt.js';
import { onLosingWay } from '../support/losing-proxy.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';
import { expectAtRest } from '../support/at-rest.js';

const s = scenario();

async function startAtOnceGivenUp(): Promise<void> {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('lock_hold: 30s', 'lock_hold: 1s'));
  await s.write('ALTER TABLE books ADD COLUMN title text');
}

test('a vote that was yes and got lost: what is decided on its trace is not given up when the shard is away again', async () => {
  await startAtOnceGivenUp();
  await onLosingWay(s.fleet, 'shard1', async (way) => {
    const passed: string[] = [];
    const at = async (point: string): Promise<void> => {
      passed.push(point);
      if (point === 'before prepare:shard1') way.loseAnswer();
      if (point === 'before commit prepared:shard1') way.loseAnswer('away');
    };
    const report = await s.runWith({ at }).up({ shards: ['shard1'] });
    expect(passed).toContain('before commit prepared:shard1');
    expect(report).toMatchObject({ exitCode: 22 });
    // The shard has committed: its veneer has to wait for what was decided.
    expect(await preparedIn(s.fleet)).toEqual([expect.stringMatching(/^veneer /)]);
    way.comeBack();
    expect(await s.run.up()).toMatchObject({ settled: [{ ending: 'committed' }], problems: [], exitCode: 0 });
  });
  await expectAtRest(s.fleet, s.run);
});
