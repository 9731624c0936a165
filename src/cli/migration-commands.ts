import type { CommandSpec } from './command-spec.js';

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
];
