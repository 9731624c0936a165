import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { commandsOn, useBookstore } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';
import { untilNone } from '../support/until.js';

let fleet: TestFleet;

beforeEach(async () => {
  fleet = await freshFleet();
  await useBookstore(fleet);
  await commandsOn(fleet).setup();
});

afterEach(() => fleet.close());

/** Only waits and reads: nothing here settles anything. The suite's timeout is the net for a watchdog that never comes. */
async function untilNothingIsPrepared(): Promise<void> {
  for (const member of ['veneer', 'shard1', 'shard2', 'shard3']) {
    await untilNone(fleet, member, 'SELECT FROM pg_prepared_xacts WHERE database = current_database()');
  }
}

test.each(['after prepare:shard1', 'after prepare:veneer', 'after commit prepared:shard1'])(
  'a runner killed %s is settled without a further command',
  async (point) => {
    const died = await runCli(['up'], { cwd: fleet.dir, env: { PGVENEER_TEST_CRASH_AT: point } });
    expect(died.signal).toBe('SIGKILL');
    await untilNothingIsPrepared();
    const report = await commandsOn(fleet).up();
    expect(report).toMatchObject({ exitCode: 0, problems: [] });
    expect(await commandsOn(fleet).status()).toMatchObject({ exitCode: 0, drift: [], inDoubt: [] });
  },
);
