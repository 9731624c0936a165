import { expect, test } from '@jest/globals';
import { holdAt } from '../support/hold.js';
import { leaveAttempt, preparedIn } from '../support/leave-attempt.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const COMMANDS = ['up', 'sync', 'setup', 'recover'] as const;

test.each(COMMANDS)(
  'while %s is at work, every other command says who it is and since when, and ends',
  async (first) => {
    await s.run.setup();
    await leaveAttempt(s.fleet, {
      parts: [
        { member: 'shard1', state: 'prepared' },
        { member: 'veneer', state: 'prepared' },
      ],
      intent: true,
    });
    const hold = holdAt('before commit prepared:shard1');
    const running = s.runWith({ at: hold.at, who: 'ann@laptop' })[first]();
    await hold.reached;
    for (const second of COMMANDS) {
      await expect(s.run[second]()).rejects.toMatchObject({
        message: expect.stringMatching(
          new RegExp(
            `^another runner holds fleet ${s.fleet.name} on veneer: pgv \\S+ ${first} ann@laptop, pid \\d+ from 127.0.0.1, since 20\\S+Z$`,
          ),
        ),
        facts: {
          exitCode: 30,
          where: { member: 'veneer' },
          hint: expect.stringContaining('wait for it to end'),
        },
      });
    }
    const seen = await s.run.status();
    expect(seen.notices[0]).toContain('a runner is at work on veneer');
    expect(seen.exitCode).not.toBe(22);
    hold.release();
    expect(await running).toMatchObject({ exitCode: 0 });
    expect(await preparedIn(s.fleet)).toEqual([]);
    expect(await s.run.recover()).toMatchObject({ exitCode: 0, settled: [] });
  },
);

test('a runner in another fleet of the same databases is no obstacle', async () => {
  await s.run.setup();
  const hold = holdAt('before begin:shard1');
  await s.write('CREATE TABLE books (id int)');
  const running = s.runWith({ at: hold.at }).up({ shards: ['shard1'] });
  await hold.reached;
  const { readFile } = await import('node:fs/promises');
  const yaml = await readFile(`${s.fleet.dir}/shards.yaml`, 'utf8');
  await s.fleet.writeConfig(yaml.replace(/^fleet: .*/, `fleet: ${s.fleet.name}_2`));
  expect(await s.run.recover()).toMatchObject({ exitCode: 0 });
  hold.release();
  expect(await running).toMatchObject({ exitCode: 0 });
});
