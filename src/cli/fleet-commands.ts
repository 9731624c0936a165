import type { CommandSpec, FlagSpec } from './command-spec.js';
import { RUN_COMMANDS } from './run-commands.js';

export const SHARD: FlagSpec = {
  name: 'shard',
  type: 'list',
  value: 'GLOB',
  text: 'only shards whose name matches (* and ?; repeatable)',
};
export const TENANT: FlagSpec = {
  name: 'tenant',
  type: 'list',
  value: 'GLOB',
  text: 'only tenants whose name matches (* and ?; repeatable)',
};
export const EXCEPT_TENANT: FlagSpec = {
  name: 'except-tenant',
  type: 'list',
  value: 'GLOB',
  text: 'not tenants whose name matches (repeatable)',
};
const dryRun = (text: string): FlagSpec => ({ name: 'dry-run', type: 'boolean', text });

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
    flags: [dryRun('print the statements, change nothing')],
    examples: [
      { command: 'migrate setup', text: 'once, and again whenever shards.yaml changed' },
      { command: 'migrate setup --dry-run', text: 'what it would do' },
      { command: 'migrate --env-file .env.compose setup', text: 'with other variables' },
    ],
  },
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
      SHARD,
      TENANT,
      { name: 'canary', type: 'boolean', text: 'only the shards of rollout.canary' },
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
      { name: 'offline', type: 'boolean', text: 'nobody else is connected: rewrite tables in a mesh, too' },
      dryRun('print what would run, change nothing'),
    ],
    examples: [
      { command: 'migrate up', text: 'everything that is pending' },
      { command: 'migrate up 1', text: 'the next migration only' },
      { command: 'migrate up --to 20260102000000_books', text: 'up to and including that one' },
      { command: "migrate up --shard 'shard?' --dry-run", text: 'what would run there' },
    ],
  },
  {
    name: 'status',
    summary: 'shards and tenants, what is pending, and where the veneer differs',
    description: [
      'Reads the live catalogs of every member and compares: what is applied and pending per tenant, where',
      'the veneer differs from the shards and what a reader suffers from it, what is in doubt, who cannot',
      'be reached. Changes nothing and needs no setup.',
    ],
    positionals: [],
    flags: [
      {
        name: 'verify',
        type: 'boolean',
        text: 'also compare with IMPORT FOREIGN SCHEMA, into pg_temp, rolled back',
      },
      SHARD,
      TENANT,
    ],
    examples: [
      { command: 'migrate status', text: 'exit code 0 only when all is well' },
      { command: 'migrate status --json', text: 'for scripts' },
      { command: 'migrate status --verify', text: 'ask PostgreSQL itself' },
      { command: "migrate status --tenant 'cyber*'", text: 'some tenants' },
    ],
  },
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
        text: 'also drop foreign tables on our servers that nothing exposes',
      },
      SHARD,
      TENANT,
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
    ],
    examples: [
      { command: 'migrate recover', text: 'after a crash, when nothing is to be applied yet' },
      { command: 'migrate recover --dry-run', text: 'what it would do' },
      { command: 'migrate recover --forget shard2', text: 'shard2 burnt down in the middle of a step' },
    ],
  },
  ...RUN_COMMANDS,
];
