import type { CommandSpec } from './command-spec.js';
import { dryRun } from './selection-flags.js';

/** `migrate init`. */
export const INIT_COMMAND: CommandSpec = {
  name: 'init',
  summary: 'make the files of a new project',
  description: [
    'Makes a shards.yaml with a small fleet to be replaced by yours, .env.example with its variables, a',
    'first migration, and a line for .env in .gitignore. Asks no database. What is there stays as it is:',
    'typed again it makes what is missing. A shards.yaml that is there keeps the samples out.',
  ],
  positionals: [
    { name: 'FOLDER', required: false, text: 'where to; made if need be (default: this folder)' },
  ],
  flags: [dryRun('say what would be made, make nothing')],
  examples: [
    { command: 'migrate init', text: 'in the folder of a project' },
    { command: 'migrate init shop --dry-run', text: 'what it would make' },
  ],
};
