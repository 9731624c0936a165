import type { CommandSpec } from './command-spec.js';

/** `migrate lint`: what can be told of migrations without a database. */
export const LINT_COMMAND: CommandSpec = {
  name: 'lint',
  summary: 'what can be told of migrations by their files alone, without a database',
  description: [
    'Loads and compiles migrations as up does, and connects to nothing; urls and passwords of shards.yaml',
    'need not be known. What up or down would refuse is an error. What those who use the tables would',
    "suffer is a warning, by PostgreSQL's own parse tree, with what to write instead. What a database",
    'alone can tell is unknown.',
  ],
  positionals: [
    {
      name: 'NAME…',
      required: false,
      many: true,
      text: 'names or files of migrations, or patterns of these (default: all)',
    },
  ],
  flags: [
    {
      name: 'fail-on',
      type: 'string',
      value: 'LEVEL',
      text: 'error (default), warning or unknown: exit with 20 for that or worse',
    },
  ],
  examples: [
    { command: 'migrate lint', text: 'all of them' },
    {
      command: 'migrate lint migrations/20260105093000000_create-books.ts',
      text: 'one file: in a pre-commit hook',
    },
    { command: 'migrate lint --fail-on warning --json', text: 'for a pipeline' },
  ],
};
