import type { CommandSpec } from './command-spec.js';
import { dryRun, WITHOUT } from './selection-flags.js';

/** The commands about tenants that come and go. */
export const TENANT_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'tenant list',
    summary: 'which tenants there are, where, and how far they are',
    description: [
      'Lists every tenant with its shard, schema, last migration and state: live, so many pending, not',
      'made, or left: known to a ledger, and listed no more. Changes nothing and needs no setup.',
    ],
    positionals: [],
    flags: [],
    examples: [
      { command: 'migrate tenant list', text: 'who is where' },
      { command: 'migrate tenant list --json', text: 'for scripts' },
    ],
  },
  {
    name: 'tenant add',
    summary: 'make tenants: schema, every migration, the veneer, in one step',
    description: [
      'Makes tenants on one shard, all or none: schema, grants, every migration with its ledger row,',
      'foreign tables and the row in pgveneer.tenants commit together. Then they are written into',
      'shards.yaml, where that lists the tenants. A schema that holds something is refused. Where each',
      'tenant is a database, that is made, too, owned by tenant.role, which has to be there. After a',
      'crash, run it again.',
      'With --like no migration runs: definitions, grants and ledger are those of a tenant that has them',
      'all. Its rows are not copied, nor are those that migrations inserted; the report names its tables',
      'that hold some. What cannot be copied for sure is refused by name. Schemas only.',
    ],
    positionals: [{ name: 'NAME…', required: true, many: true, text: 'one or more' }],
    flags: [
      {
        name: 'shard',
        type: 'string',
        value: 'NAME',
        text: 'the shard (default: where they are listed already)',
      },
      {
        name: 'like',
        type: 'string',
        value: 'TENANT',
        text: 'copy the shape of this tenant, without rows, and run no migration',
      },
      WITHOUT,
      dryRun('print what would run, change nothing'),
    ],
    examples: [
      { command: 'migrate tenant add hooli --shard shard2', text: 'one' },
      { command: 'migrate tenant add acme hooli initrode --shard shard2', text: 'three, or none of them' },
      {
        command: 'migrate tenant add acme --shard shard2 --like cyberdyne',
        text: 'without running migrations',
      },
    ],
  },
  {
    name: 'tenant drop',
    summary: 'drop a tenant with its data, and what the veneer shows of it',
    description: [
      'Drops a tenant in one step: its foreign tables, its row in pgveneer.tenants, its ledger, and its',
      'schema with all that it holds, each thing by name. What depends on it from outside refuses it. It',
      'says what is lost, and asks; without a terminal it needs --yes. There is no way back but a dump.',
      'Where each tenant is a database, that is dropped behind the step; while others are connected it',
      'stays, unseen, and the same command finishes it.',
    ],
    positionals: [{ name: 'NAME', required: true, text: 'the tenant; listed, or left in a ledger' }],
    flags: [
      {
        name: 'shard',
        type: 'string',
        value: 'NAME',
        text: 'where several ledgers know it: which one is meant',
      },
      { name: 'yes', alias: 'y', type: 'boolean', text: 'its data may go; nobody is asked' },
      WITHOUT,
      dryRun('say what would be lost, change nothing'),
    ],
    examples: [
      { command: 'migrate tenant drop hooli --dry-run', text: 'what would be lost' },
      { command: 'migrate tenant drop hooli --yes', text: 'in a script' },
    ],
  },
];
