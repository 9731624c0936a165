import type { CommandSpec } from './command-spec.js';

/** The commands about other runs: the one at work, and those that were. */
export const RUN_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'stop',
    summary: 'ask the command that works on the fleet to end',
    description: [
      'Asks the run that holds the lock of the fleet, wherever it is, to end as Ctrl-C would end it: the',
      'running attempt is rolled back, what it has begun to commit is committed, and it ends with exit',
      'code 143. Waits until it has. A run that begins later is not meant.',
    ],
    positionals: [],
    flags: [
      { name: 'timeout', type: 'string', value: 'DURATION', text: 'how long to wait for it (default: 1m)' },
    ],
    examples: [
      { command: 'migrate stop', text: 'exit code 0 when nobody works on the fleet any more' },
      { command: 'migrate stop --timeout 10s', text: 'exit code 30 when it takes longer' },
    ],
  },
  {
    name: 'history',
    summary: 'what was done to the fleet, when, by whom, and how it ended',
    description: [
      'Lists the runs of setup, up, sync and recover, newest first. One that was killed is told apart from',
      'one that still runs. Changes nothing.',
    ],
    positionals: [],
    flags: [{ name: 'limit', type: 'string', value: 'N', text: 'at most so many (default: 20)' }],
    examples: [
      { command: 'migrate history', text: 'the last twenty' },
      { command: 'migrate history --limit 1 --json', text: 'the last one, for scripts' },
    ],
  },
  {
    name: 'history show',
    summary: 'one run with its steps, statements and times',
    description: [
      'Shows one run whole: each step with its shard, protocol, attempts, when it entered which phase, how',
      'long tables of the veneer were locked, its statements there and those of the migration. What looks',
      'like a password in them is masked.',
    ],
    positionals: [{ name: 'RUN', required: true, text: 'as migrate history lists it, or its beginning' }],
    flags: [],
    examples: [{ command: 'migrate history show mbq1x0zk-4fd7a2e1', text: 'what exactly that run did' }],
  },
];
