import { afterAll, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { crashFleet } from '../support/crash-fleet.js';
import { endServer } from '../support/crash-postmaster.js';
import { expectHealed } from '../support/crash-proof.js';
import { startOwnFleet } from '../support/own-fleet.js';

const crash = await crashFleet(await startOwnFleet(), 'one shard after the other');
const { fleet } = crash;

afterAll(() => fleet.close());

test('the veneer crashes when all is committed and stays away: the next run finds it committed, nothing lost', async () => {
  await crash.add('rename column');
  let closing = 0;
  const at = async (name: string): Promise<void> => {
    if (name === 'before close' && ++closing === 2) await endServer(fleet, 'veneer', 'SIGQUIT');
  };
  const report = await commandsOn(fleet, { at }).up();
  expect(report.shards.find(({ shard }) => shard === 'shard2')).toMatchObject({
    steps: [{ state: 'committed' }],
  });
  await fleet.start('veneer');
  const next = await crash.commands.up();
  expect(next).toMatchObject({ exitCode: 0, problems: [] });
  expect(next.settled.map(({ ending, detail }) => ({ ending, detail }))).toEqual([
    { ending: 'committed', detail: null },
  ]);
  await expectHealed(crash);
});
