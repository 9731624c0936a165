import type { CommandSpec } from './command-spec.js';
import { ROLL_COMMANDS } from './roll-commands.js';
import { dryRun, SHARD, TENANT, WITHOUT } from './selection-flags.js';
import { RUN_COMMANDS } from './run-commands.js';
import { WHY_COMMAND } from './why-command.js';

/** The commands that work on the fleet of shards.yaml. */
export const FLEET_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'setup',
    summary: 'make the fleet ready: servers, user mappings, schemas, grants, state',
    description: [
      'Makes postgres_fdw, servers, user mappings, schemas, grants and the state schema on every member.',
      'What is there stays; what shards.yaml says otherwise by now is altered, never dropped. Where rights',
      'are missing, it prints the SQL for someone who has them.',
    ],
    positionals: [],
    flags: [WITHOUT, dryRun('print the statements, change nothing')],
    examples: [
      { command: 'migrate setup', text: 'once, and again whenever shards.yaml changed' },
      { command: 'migrate setup --dry-run', text: 'what it would do' },
      { command: 'migrate --env-file .env.compose setup', text: 'with other variables' },
    ],
  },
  ...ROLL_COMMANDS,
  {
    name: 'status',
    summary: 'shards and tenants, what is pending, and where the veneer differs',
    description: [
      'Reads the live catalogs of every member and compares: what is applied and pending per tenant,',
      'where the veneer differs from the shards and what a reader suffers from it, what is in doubt, who',
      'cannot be reached. Tenants with the same migrations are compared among themselves. Changes nothing',
      'and needs no setup. Grades of drift, worst first: wrong-answers, error, writes-break, invisible,',
      'cosmetic.',
    ],
    positionals: [],
    flags: [
      {
        name: 'verify',
        type: 'boolean',
        text: 'also compare with IMPORT FOREIGN SCHEMA, and bounds with their rules',
      },
      {
        name: 'fail-on',
        type: 'string',
        value: 'GRADE',
        text: 'exit with 11 only for drift of this grade or worse (default: cosmetic)',
      },
      SHARD,
      TENANT,
      WITHOUT,
    ],
    examples: [
      { command: 'migrate status', text: 'exit code 0 only when all is well' },
      { command: 'migrate status --json', text: 'for scripts' },
      { command: 'migrate status --fail-on error', text: 'for an alarm: what readers suffer from' },
      { command: 'migrate status --verify', text: 'ask PostgreSQL itself' },
      { command: "migrate status --tenant 'cyber*'", text: 'some tenants' },
    ],
  },
  WHY_COMMAND,
  {
    name: 'sync',
    summary: 'make the veneer equal to the shards, in place',
    description: [
      'Makes the foreign tables on the veneer equal to the tables of the shards, in place: what hangs on',
      'them (views, grants, comments) stays.',
    ],
    positionals: [],
    flags: [
      dryRun('print the statements, change nothing'),
      {
        name: 'prune',
        type: 'boolean',
        text: 'also drop foreign tables that nothing exposes, and types that nothing has',
      },
      SHARD,
      TENANT,
      WITHOUT,
    ],
    examples: [
      { command: 'migrate sync --dry-run', text: 'the SQL that would repair it' },
      { command: 'migrate sync', text: 'repair it' },
    ],
  },
  {
    name: 'recover',
    summary: 'settle what a crash left behind',
    description: [
      'Commits or rolls back what a run that was killed left prepared, as its records say, and tells what',
      'it had to leave. The next up does the same before it begins.',
    ],
    positionals: [],
    flags: [
      dryRun('say what would be settled and how, settle nothing'),
      {
        name: 'watch',
        type: 'boolean',
        text: 'go on looking until Ctrl-C: beside a host that may lose its runners',
      },
      {
        name: 'forget',
        type: 'list',
        value: 'SHARD',
        text: 'give up the part of a shard that is lost for good (repeatable)',
      },
      WITHOUT,
    ],
    examples: [
      { command: 'migrate recover', text: 'after a crash, when nothing is to be applied yet' },
      { command: 'migrate recover --dry-run', text: 'what it would do' },
      { command: 'migrate recover --forget shard2', text: 'shard2 burnt down in the middle of a step' },
    ],
  },
  ...RUN_COMMANDS,
];
