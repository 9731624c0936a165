import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { freshFleet } from '../support/fresh-fleet.js';
import { runCli, type CliResult } from '../support/run-cli.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';

let fleet: TestFleet;

const cli = (...args: readonly string[]): Promise<CliResult> => runCli(args, { cwd: fleet.dir });

const configure = (change: (yaml: string) => string): Promise<void> =>
  fleet.writeConfig(change(bookstoreYaml(fleet.name)));

beforeAll(async () => {
  fleet = await freshFleet();
});

afterAll(() => fleet.close());

beforeEach(() => configure((yaml) => yaml));

test('0: what setup makes is no failure; text and JSON say the same', async () => {
  const { code, stdout, stderr } = await cli('doctor');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(/^member {2}role {4}PostgreSQL {2}ok {2}failed {2}warning {2}not asked\n/);
  expect(stdout).toContain('warning  setup  veneer, shard1, shard2, shard3\n');
  expect(stdout).toMatch(/\nnext: migrate setup\n$/);
  const json = await cli('doctor', '--json');
  expect([json.code, json.stderr]).toEqual([0, '']);
  const report = JSON.parse(json.stdout) as { machine: unknown; members: { member: string }[] };
  expect(report).toMatchObject({ command: 'doctor', exitCode: 0, next: 'migrate setup' });
  expect(report.machine).toMatchObject([{ check: 'Node', outcome: 'ok', found: process.version }]);
  expect(report.members.map(({ member }) => member)).toEqual(['veneer', 'shard1', 'shard2', 'shard3']);
});

test('20: a password is refused, and is not printed', async () => {
  await configure((yaml) => yaml.replace('${APP_PASSWORD_{shard}}', 'hush'));
  const { code, stdout } = await cli('doctor', '--shard', 'shard1');
  expect(code).toBe(20);
  expect(stdout).toContain('failed  passwords  shard1\n');
  expect(stdout).toMatch(/\nnext: migrate doctor\n$/);
  expect(stdout).not.toContain('hush');
});

test('23: a shard is down', async () => {
  await configure((yaml) => yaml.replace('${SHARD2_URL}', 'postgres://a:secret-pw@localhost:1/x'));
  const { code, stdout } = await cli('doctor');
  expect(code).toBe(23);
  expect(stdout).toMatch(/\nshard2 +shard +- +- +1 +- +\d+\n/);
  expect(stdout).toContain('failed  connection  shard2\n');
  expect(stdout).not.toContain('secret-pw');
  expect(await cli('doctor', '--shard', 'shard3')).toMatchObject({ code: 0 });
});

test('64: a typo, a shard that there is not, a word too many', async () => {
  expect(await cli('docter')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('did you mean doctor?'),
  });
  expect(await cli('doctor', '--shard', 'nix')).toMatchObject({ code: 64 });
  expect(await cli('doctor', 'shard1')).toMatchObject({ code: 64 });
  expect(await cli('doctor', '--all')).toMatchObject({ code: 64 });
});

test('78: the configuration is wrong, as everywhere', async () => {
  await configure((yaml) => yaml.replace('veneers:', 'vanities:'));
  const { code, stderr } = await cli('doctor');
  expect([code, stderr]).toEqual([78, expect.stringContaining('vanities')]);
});
