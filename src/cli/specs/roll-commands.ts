import type { CommandSpec, FlagSpec } from './command-spec.js';
import { dryRun, EXCEPT_TENANT, SHARD, TENANT, WITHOUT } from './selection-flags.js';

const SELECTION: readonly FlagSpec[] = [SHARD, TENANT, EXCEPT_TENANT];

/** How the steps are run. */
const HOW: readonly FlagSpec[] = [
  { name: 'atomic', type: 'string', value: 'fleet', text: 'each migration on all shards or on none' },
  {
    name: 'protocol',
    type: 'string',
    value: 'NAME',
    text: 'two-phase or lock-step (default: by what the servers can)',
  },
  {
    name: 'terminate-blockers',
    type: 'string',
    value: 'DURATION',
    text: 'end sessions that block a step for longer: 5s (default: never)',
  },
  WITHOUT,
  { name: 'offline', type: 'boolean', text: 'nobody else is connected: rewrite tables in a mesh, too' },
];

const YES: FlagSpec = { name: 'yes', alias: 'y', type: 'boolean', text: 'data may be lost; nobody is asked' };

/** The commands that run migrations, one way or the other. */
export const ROLL_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'up',
    summary: 'apply pending migrations, and the veneer in the same step',
    description: [
      'Applies pending migrations: each in one transaction per shard over its tenants, and the definitions',
      'on the veneer in the same two-phase commit. What an earlier run left is settled first. A migration',
      'that fails is rolled back on its shard and the veneer; after repairing it, run the command again.',
    ],
    positionals: [{ name: 'N', required: false, text: 'at most the next N migrations (default: all)' }],
    flags: [
      { name: 'to', type: 'string', value: 'NAME', text: 'up to and including this migration' },
      ...SELECTION,
      {
        name: 'plan',
        type: 'string',
        value: 'FILE',
        text: 'what rehearse --out wrote; refused where anything moved',
      },
      { name: 'canary', type: 'boolean', text: 'only the shards of rollout.canary' },
      ...HOW,
      dryRun('print what would run, change nothing'),
    ],
    examples: [
      { command: 'migrate up', text: 'everything that is pending' },
      { command: 'migrate up 1', text: 'the next migration only' },
      { command: 'migrate up --to 20260102000000_books', text: 'up to and including that one' },
      { command: 'migrate up --plan reviewed.json', text: 'what was rehearsed, and nothing else' },
      { command: 'migrate up --without green', text: 'while that veneer is down' },
      { command: "migrate up --shard 'shard?' --dry-run", text: 'what would run there' },
    ],
  },
  {
    name: 'down',
    summary: 'take the last migrations down, and the veneer in the same step',
    description: [
      'Takes migrations down, the last of the fleet first, by what they say below "-- Down Migration" or in',
      'their down; a TypeScript or JavaScript one without is turned round. Tenants that do not have one are',
      'left. One that cannot be taken down is found before anything runs. Where data would be lost, it says',
      'what, and asks; without a terminal it needs --yes.',
    ],
    positionals: [{ name: 'N', required: false, text: 'the last N migrations (default: 1)' }],
    flags: [
      { name: 'to', type: 'string', value: 'NAME', text: 'down to this migration, which stays' },
      ...SELECTION,
      ...HOW,
      YES,
      dryRun('print what would run and be lost, change nothing'),
    ],
    examples: [
      { command: 'migrate down', text: 'the last migration' },
      { command: 'migrate down 2 --dry-run', text: 'what the last two would do, and what would be lost' },
      { command: 'migrate down --to 20260102000000_books --yes', text: 'all that came after that one' },
    ],
  },
  {
    name: 'redo',
    summary: 'take the last migrations down, and apply the same ones again',
    description: [
      'migrate down and then the same migrations up again, for exactly those who had them, in one run:',
      'nobody else works on the fleet in between.',
    ],
    positionals: [{ name: 'N', required: false, text: 'the last N migrations (default: 1)' }],
    flags: [
      { name: 'to', type: 'string', value: 'NAME', text: 'all that came after this migration' },
      ...SELECTION,
      ...HOW,
      YES,
      dryRun('print what would run and be lost, change nothing'),
    ],
    examples: [{ command: 'migrate redo --yes', text: 'the last migration, down and up' }],
  },
];
