import type { CommandSpec } from './command-spec.js';

/** `migrate why`: one relation or tenant, told whole. */
export const WHY_COMMAND: CommandSpec = {
  name: 'why',
  summary: 'why a veneer shows a relation as it does, or does not',
  description: [
    'Tells of a tenant, or of a relation by its name on a veneer or a shard: whose it is and where, the',
    'expose rule with its line, the server, what stands on each veneer and whether that is what the shard',
    'is, who may read and write it as whom, and what INSERTs suffer. Changes nothing and needs no setup.',
    'Names are as in SQL, schema first: what has capitals or dots may stand in double quotes.',
  ],
  positionals: [{ name: 'NAME', required: true, text: 'a tenant, or schema.relation' }],
  flags: [],
  examples: [
    { command: 'migrate why cyberdyne.books', text: 'one table' },
    { command: 'migrate why \'"My Schema"."My Table"\'', text: 'with capitals, quoted for the shell too' },
    { command: 'migrate why cyberdyne', text: 'a tenant, with all of its relations' },
  ],
};
