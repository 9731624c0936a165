import { expect, test } from '@jest/globals';
import { load, problemsOf, SMALL } from './project.js';

const withHooks = (hooks: string): string => `${SMALL}hooks:\n  before_step:\n    - ${hooks}\n`;

test('a fleet without hooks has none', async () => {
  expect((await load(SMALL)).hooks).toEqual({ beforeStep: [], afterStep: [], afterRun: [] });
});

test('commands as text and as words, SQL on shards, veneers or a member, each with its timeout, are read as written', async () => {
  const { hooks } = await load(`${SMALL}hooks:
  before_step:
    - { command: 'echo "\${HOME}" {shard}' }
    - { command: [./pause, "{shard}"], timeout: 2m }
  after_step:
    - { sql: "SELECT '{tenant}'", on: shards }
    - { sql: SELECT 1, on: veneers }
  after_run:
    - { sql: SELECT 1, on: s2, timeout: 500ms }
`);
  expect(hooks).toEqual({
    beforeStep: [
      { kind: 'command', command: 'echo "${HOME}" {shard}', timeoutMs: 60_000 },
      { kind: 'command', command: ['./pause', '{shard}'], timeoutMs: 120_000 },
    ],
    afterStep: [
      { kind: 'sql', sql: "SELECT '{tenant}'", on: { kind: 'shards' }, timeoutMs: 60_000 },
      { kind: 'sql', sql: 'SELECT 1', on: { kind: 'veneers' }, timeoutMs: 60_000 },
    ],
    afterRun: [{ kind: 'sql', sql: 'SELECT 1', on: { kind: 'member', name: 's2' }, timeoutMs: 500 }],
  });
});

test.each([
  ['{}', 'hooks.before_step[0]: expected a map with command, or with sql and on'],
  ['echo', 'hooks.before_step[0]: expected a map with command, or with sql and on, got a text'],
  ['{ command: [] }', 'hooks.before_step[0].command: expected a program and its words, got an empty list'],
  ['{ command: "" }', 'hooks.before_step[0].command: expected a command, got another text'],
  [
    '{ command: { a: b } }',
    'hooks.before_step[0].command: expected a command as text, or a list of words, got a map',
  ],
  [
    '{ sql: SELECT 1 }',
    'hooks.before_step[0].sql: expected on beside it: shards, veneers or the name of a member',
  ],
  [
    '{ sql: SELECT 1, command: x, on: s1 }',
    'hooks.before_step[0].command: a hook is sql or a command, not both',
  ],
  ['{ command: x, on: s1 }', 'hooks.before_step[0].on: on is for sql; a command runs here'],
  ['{ sql: SELECT 1, on: s3 }', 'hooks.before_step[0].on: no member of this fleet is called s3'],
  [
    '{ sql: SELECT 1, on: shard }',
    'hooks.before_step[0].on: no member of this fleet is called shard; did you mean shards?',
  ],
  ['{ command: x, timeout: 1 }', 'hooks.before_step[0].timeout: expected a duration'],
  ['{ command: x, timeout: soon }', 'hooks.before_step[0].timeout: expected a duration'],
  ['{ command: x, timeouts: 1s }', 'hooks.before_step[0].timeouts: unknown key timeouts'],
])('%s is one problem at its place', async (hook, problem) => {
  const problems = await problemsOf(withHooks(hook));
  expect(problems).toHaveLength(1);
  expect(problems[0]?.replace(/^\S+ /, '')).toContain(problem);
});

test('an event that there is not is refused', async () => {
  expect(await problemsOf(`${SMALL}hooks: { before: [] }\n`)).toEqual([
    'shards.yaml:17:10 hooks.before: unknown key before; known here: before_step, after_step, after_run',
  ]);
});

test('veneers in a fleet that has none are refused', async () => {
  const yaml = SMALL.replace(/veneers:[^]*shards:/, 'shards:').replace(/roles:[^]*/, '');
  expect(await problemsOf(`${yaml}hooks: { after_run: [{ sql: SELECT 1, on: veneers }] }\n`)).toEqual([
    expect.stringContaining('hooks.after_run[0].on: this fleet has no veneer'),
  ]);
});
