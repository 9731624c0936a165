import { expect, test } from '@jest/globals';
import { tmpdir } from 'node:os';
import { runCli } from '../support/run-cli.js';

const cwd = tmpdir();

test.each([
  ['', 'migrate needs a command'],
  ['stat', 'migrate has no command "stat"; did you mean status?'],
  ['recoevr', 'migrate has no command "recoevr"; did you mean recover?'],
  ['rollback', 'migrate has no command "rollback"'],
  ['rollback --help', 'migrate has no command "rollback"'],
  ['help stat', 'migrate has no command "stat"; did you mean status?'],
  ['hlep', 'migrate has no command "hlep"; did you mean help?'],
  ['sandbox', 'migrate sandbox needs a command'],
  ['sandbox ur', 'migrate sandbox has no command "ur"; did you mean url?'],
  ['up --shrad x', 'migrate up has no option --shrad; did you mean --shard?'],
  ['up --no-jsno', 'migrate up has no option --no-jsno'],
  ['status --dry-run', 'migrate status has no option --dry-run'],
  ['up -x', 'migrate up has no option -x'],
  ['up --toString', 'migrate up has no option --toString'],
  ['up 0', 'N is a number of migrations, 1 or more, not "0"'],
  ['up -1', 'migrate up has no option -1'],
  ['up 1.5', 'N is a number of migrations, 1 or more, not "1.5"'],
  ['up 1e3', 'N is a number of migrations, 1 or more, not "1e3"'],
  ['up 99999999999999999999', 'N is a number of migrations'],
  ['up all', 'N is a number of migrations, 1 or more, not "all"'],
  ['up 1 2', 'migrate up does not understand "2"'],
  ['up 2 --to x', 'N and --to both say how far to go'],
  ['up --to', '--to needs a NAME'],
  ['up --to=', '--to needs a NAME'],
  ['up --to a --to b', '--to is given 2 times, but takes one NAME'],
  ['up --shard', '--shard needs a GLOB'],
  ['up --config --json', '--config needs a FILE'],
  ['status 3', 'migrate status does not understand "3"'],
  ['history 3', 'migrate history does not understand "3"'],
  ['history --limit 0', '--limit is a number of runs, 1 or more, not 0'],
  ['history sohw', 'migrate history does not understand "sohw"'],
  ['history show', 'migrate history show needs a RUN'],
  ['history show a b', 'migrate history show does not understand "b"'],
  ['stop --timeout 5', '--timeout takes a duration such as 500ms'],
  ['sandbox url', 'migrate sandbox url needs a NAME'],
  ['sandbox logs veneer --json', 'it has no --json'],
])('migrate %s is refused with exit code 64 and a word of advice', async (line, message) => {
  const { code, stdout, stderr } = await runCli(line.split(' ').filter(Boolean), { cwd });
  expect(code).toBe(64);
  const text = stdout + stderr;
  expect(text).toContain(message);
  expect(text).toContain('hint');
});

test('with --json an error is one JSON document on stdout, and stderr is empty', async () => {
  const { code, stdout, stderr } = await runCli(['--json', 'stat'], { cwd });
  expect({ code, stderr }).toEqual({ code: 64, stderr: '' });
  expect(JSON.parse(stdout)).toMatchObject({
    command: null,
    exitCode: 64,
    problems: [{ message: 'migrate has no command "stat"; did you mean status?', exitCode: 64 }],
  });
});

test('a configuration that is missing is told with its file, as text and as JSON, with exit code 78', async () => {
  const options = { cwd, env: { NO_COLOR: '1' } };
  const text = await runCli(['-f', 'nowhere.yaml', 'status'], options);
  expect(text).toMatchObject({ code: 78, stdout: '' });
  expect(text.stderr).toMatch(/^error: nowhere\.yaml has a problem:\n {2}nowhere\.yaml no such file/);
  const json = await runCli(['-f', 'nowhere.yaml', 'sync', '--json'], options);
  expect(json).toMatchObject({ code: 78, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({
    command: 'sync',
    exitCode: 78,
    problems: [{ exitCode: 78, where: { file: 'nowhere.yaml' } }],
  });
});

test('colours are forced and forbidden by the usual variables', async () => {
  const forced = await runCli(['stat'], { cwd, env: { FORCE_COLOR: '1' } });
  expect(forced.stderr).toContain('\u001B[31merror:');
  const forbidden = await runCli(['stat'], { cwd, env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
  expect(forbidden.stderr).toMatch(/^error: /);
});

test('a sandbox that was never started is a configuration problem, not a fault', async () => {
  const { code, stderr } = await runCli(['-f', 'no/such/folder/shards.yaml', 'sandbox', 'logs', 'veneer'], {
    cwd,
  });
  expect(code).toBe(78);
  expect(stderr).toContain('hint: migrate sandbox start');
});
