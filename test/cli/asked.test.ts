import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli, startCli, type CliResult } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';

let fleet: TestFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

beforeAll(async () => {
  fleet = await freshFleet();
  await fleet.writeMigration(
    '0001_a.sql',
    '-- Up Migration\nCREATE TABLE a ();\n-- Down Migration\nDROP TABLE a;',
  );
  expect(await cli('setup')).toMatchObject({ code: 0 });
  expect(await cli('up')).toMatchObject({ code: 0 });
});

afterAll(() => fleet.close());

/** Runs `down` on a terminal, and types each of these when it is asked. */
async function downTyping(...keys: readonly string[]): Promise<CliResult & { readonly asked: number }> {
  const running = startCli(['down'], { cwd: fleet.dir, terminal: true });
  const questions = [/\[yes\/no\]/, /yes or no\?/];
  let asked = 0;
  for (const typed of keys) {
    await running.line(questions[asked++] ?? /never/);
    running.child.stdin?.write(typed);
  }
  return { ...(await running.result), asked };
}

const CTRL_C = '\u0003';

test.each([
  ['no', ['no\n'], 20],
  ['N', ['N\n'], 20],
  ['what is neither, twice', ['maybe\n', '\n'], 20],
  ['Ctrl-C', [CTRL_C], 130],
  ['what is neither, then Ctrl-C', ['yep\n', CTRL_C], 130],
])('down is not agreed to by %s', async (_, keys, code) => {
  const ended = await downTyping(...keys);
  expect(ended).toMatchObject({ code, asked: keys.length });
  expect(ended.stderr).toContain('nobody agreed to that: nothing was done');
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.a')::text AS t`)).toEqual([
    { t: 'bluth_co.a' },
  ]);
});

test.each([
  ['y', ['y\n']],
  ['Yes', [' Yes \n']],
  ['yes, when asked once more', ['ok\n', 'yes\n']],
])('down is agreed to by %s', async (_, keys) => {
  expect(await downTyping(...keys)).toMatchObject({ code: 0, asked: keys.length });
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.a') AS t`)).toEqual([{ t: null }]);
  expect(await cli('up')).toMatchObject({ code: 0 });
});
