import type { CommandSpec, FlagSpec } from './command-spec.js';
import { LINT_COMMAND } from './lint-command.js';
import { REHEARSE_COMMAND } from './rehearse-command.js';
import { EXCEPT_TENANT, SHARD, TENANT } from './selection-flags.js';

const YES: FlagSpec = { name: 'yes', type: 'boolean', text: 'write it; without, it is shown' };

/** The commands about migrations as files, and about what is recorded of them. */
export const MIGRATION_COMMANDS: readonly CommandSpec[] = [
  {
    name: 'create',
    summary: 'write the file of a new migration',
    description: [
      'Writes an empty migration, named by date, time and NAME. A template of the project, .template.sql,',
      '.template.ts or .template.js in the folder of migrations, goes before the built-in one. A name that',
      'is not the last of all files, and of all ledgers that can be reached, is refused.',
    ],
    positionals: [
      {
        name: 'NAME',
        required: true,
        text: 'what it does, in a few words; may begin with a number of its own',
      },
    ],
    flags: [
      { name: 'sql', type: 'boolean', text: 'in SQL (default)' },
      { name: 'ts', type: 'boolean', text: 'in TypeScript, with the builder of node-pg-migrate' },
      { name: 'js', type: 'boolean', text: 'in JavaScript' },
      {
        name: 'scope',
        type: 'string',
        value: 'SCOPE',
        text: 'tenant (default), shard or veneer: what it runs once for',
      },
    ],
    examples: [
      { command: 'migrate create "add authors"', text: 'migrations/20260105090000000_add-authors.sql' },
      { command: 'migrate create add-authors --ts', text: 'the same in TypeScript' },
    ],
  },
  LINT_COMMAND,
  {
    name: 'plan',
    summary: 'what up would do, and what that does to those who use the tables',
    description: [
      'Compares migrations and ledgers: what is pending for whom, the statements with the locks that they',
      'take and what they rewrite, as far as their text tells, the steps of each shard as they fit now,',
      'and how long that took elsewhere. Changes nothing and needs no setup.',
    ],
    positionals: [],
    flags: [
      {
        name: 'sql-files',
        type: 'string',
        value: 'DIR',
        text: 'write the statements there, a file for each migration',
      },
      { name: 'exit-code', type: 'boolean', text: 'end with 10 when anything is pending' },
      SHARD,
      TENANT,
    ],
    examples: [
      { command: 'migrate plan', text: 'before migrate up' },
      { command: 'migrate plan --sql-files review', text: 'SQL for a review' },
      { command: 'migrate plan --exit-code --json', text: 'for a pipeline' },
    ],
  },
  REHEARSE_COMMAND,
  {
    name: 'baseline',
    summary: 'adopt a running fleet: record what is applied already, run nothing',
    description: [
      "Records migrations as applied, from node-pg-migrate's pgmigrations in each tenant's schema, from",
      "Flyway's flyway_schema_history, or up to a name. It shows what it would record, and asks; without",
      'a terminal it needs --yes, and else changes nothing. A record without a file, and a tenant whose',
      'tables are not those of tenants with the same migrations, are refused: all that is selected is',
      'recorded, or nothing.',
    ],
    positionals: [],
    flags: [
      {
        name: 'from',
        type: 'string',
        value: 'TOOL',
        text: 'pgmigrations (default) or flyway',
      },
      { name: 'table', type: 'string', value: 'NAME', text: 'its table, where that has another name' },
      { name: 'to', type: 'string', value: 'NAME', text: 'no table: everything up to and including NAME' },
      SHARD,
      TENANT,
      EXCEPT_TENANT,
      { ...YES, text: 'record it; nobody is asked' },
    ],
    examples: [
      { command: 'migrate baseline', text: 'what it would record' },
      { command: 'migrate baseline --yes', text: 'record it' },
      {
        command: 'migrate baseline --to 20260105093000000_create-books --tenant initech --yes',
        text: 'a tenant that was made from a dump',
      },
    ],
  },
  {
    name: 'ledger accept',
    summary: 'let an edited migration count as what was applied',
    description: [
      'An applied migration whose file was edited stops migrate up. Where the edit changes nothing that',
      'matters (a comment, another tool that formats), this records the checksum of the file as it is now.',
      'Nothing is run. Without --yes it shows for whom, and changes nothing.',
    ],
    positionals: [
      { name: 'NAME', required: true, text: 'of the file, without ending; shard/NAME, veneer/NAME' },
    ],
    flags: [SHARD, TENANT, YES],
    examples: [
      { command: 'migrate ledger accept 20260105090000000_create-authors', text: 'for whom it would be' },
      { command: 'migrate ledger accept 20260105090000000_create-authors --yes', text: 'record it' },
    ],
  },
  {
    name: 'ledger export',
    summary: 'write the ledger to pgmigrations, for node-pg-migrate to go on',
    description: [
      "Adds to node-pg-migrate's pgmigrations in each tenant's schema what was applied and is not in it;",
      'the table is made where there is none. Then that tool can go on from here. Without --yes it shows',
      'what it would add, and changes nothing.',
    ],
    positionals: [],
    flags: [
      { name: 'table', type: 'string', value: 'NAME', text: 'the table, where it has another name' },
      SHARD,
      TENANT,
      YES,
    ],
    examples: [
      { command: 'migrate ledger export', text: 'what it would add' },
      { command: 'migrate ledger export --yes', text: 'add it' },
    ],
  },
];
