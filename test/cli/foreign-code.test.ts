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

/** What a failure says, as text and as the one document of --json. */
async function failureOf(...args: readonly string[]): Promise<string> {
  const text = await cli(...args);
  const json = await cli(...args, '--json');
  expect({ code: text.code, json: json.code, stdout: text.stdout, stderr: json.stderr }).toEqual({ code: 20, json: 20, stdout: '', stderr: '' }); // prettier-ignore
  const { exitCode, problems } = JSON.parse(json.stdout) as {
    exitCode: number;
    problems: { message: string }[];
  };
  expect(exitCode).toBe(20);
  const said = text.stderr.replaceAll(/\s+/g, ' ');
  expect(said).toContain(problems[0]?.message);
  return said;
}

test.each([
  ['as it is loaded', 'process.exit(0); export const up = () => undefined;'],
  ['as it is built', 'export const up = () => process.exit(0);'],
  ['when it sets a code', 'export const up = () => { process.exitCode = 0; process.exit(); };'],
])('a migration that exits %s makes no success', async (_, text) => {
  await write(text);
  expect(await failureOf('up')).toContain('the process was ended before the command was through');
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.never') AS t`)).toEqual([{ t: null }]);
});

test('a migration that exits in the midst of its step leaves nothing of it', async () => {
  await write(`export const up = async (pgm) => {
    await pgm.db.query('CREATE TABLE half ()');
    process.exit(0);
  };`);
  const { code, stderr } = await cli('up');
  expect({ code, stderr }).toMatchObject({ code: 20, stderr: expect.stringContaining('before the command') });
  await write('export const up = (pgm) => pgm.sql("CREATE TABLE half ()");');
  expect(await cli('up', '--dry-run')).toMatchObject({ code: 0 });
  expect(await fleet.query('shard1', `SELECT to_regclass('bluth_co.half') AS t`)).toEqual([{ t: null }]);
});

test.each([
  ['throws in a timer', 'setTimeout(() => { throw new Error("late"); }, 0)'],
  ['leaves a promise that fails', 'void Promise.reject(new Error("late"))'],
])('a migration that %s is named, and not called a fault of ours', async (_, statement) => {
  await write(`export const up = (pgm) => {
    ${statement};
    pgm.sql('SELECT 1');
  };`);
  const said = await failureOf('plan');
  expect(said).toContain('code of a migration failed when nobody waited for it: late');
  expect(said).toContain('migrations/0001_a.js:2');
  expect(said).not.toContain('fault of pg-veneer');
});
