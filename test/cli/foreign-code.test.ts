import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli, type CliResult } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';

/** What the code of migrations may do to the process that runs it. */

let fleet: TestFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

const write = (text: string): Promise<void> => fleet.writeMigration('0001_a.js', text);

beforeAll(async () => {
  fleet = await freshFleet();
  expect(await cli('setup')).toMatchObject({ code: 0 });
});

beforeEach(() => fleet.writeMigration('0002_never.sql', 'CREATE TABLE never ()'));

afterAll(() => fleet.close());

test('what a migration prints goes to stderr: stdout is the report, as JSON and as text', async () => {
  await write(`console.log('loaded');
    export const up = (pgm) => {
      console.info('built');
      process.stdout.write('written\\n');
      pgm.sql('SELECT 1');
    };`);
  const json = await cli('plan', '--json');
  expect(JSON.parse(json.stdout)).toMatchObject({ command: 'plan', exitCode: 0 });
  expect(json).toMatchObject({ code: 0, stderr: 'loaded\nbuilt\nwritten\n' });
  const text = await cli('plan');
  expect(text).toMatchObject({ code: 0, stderr: 'loaded\nbuilt\nwritten\n' });
  expect(text.stdout).toContain('0001_a');
});
