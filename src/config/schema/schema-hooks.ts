import * as z from 'zod';
import { DURATION } from '../text/duration.js';
import { name, text } from './schema-parts.js';

const words = z.array(z.string(), { error: 'a list of words' }).min(1, { error: 'a program and its words' });

const hook = z
  .strictObject(
    {
      command: z
        .union([name('a command'), words], { error: 'a command as text, or a list of words' })
        .describe(
          'A program and its words, run as they are; or a text, run by the shell. It gets the facts as JSON on standard input.',
        )
        .optional(),
      sql: name('SQL')
        .describe("SQL for a session of its own; current_setting('pgveneer.hook') are the facts as JSON.")
        .optional(),
      on: name('shards, veneers or the name of a member')
        .describe('Where the SQL runs: shards, those of the step; veneers, all of them; or a member by name.')
        .optional(),
      timeout: text(DURATION).describe('After it the hook is ended, and has failed. Default: 1m.').optional(),
    },
    { error: 'a map with command, or with sql and on' },
  )
  .describe('A command or SQL. Nothing in it is filled in: a shell knows the environment by itself.');

const hooksOf = (description: string) =>
  z.array(hook, { error: 'a list of hooks' }).describe(description).optional();

/** What runs around the steps of `up`, `down` and `redo`. */
export const hooks = z
  .strictObject(
    {
      before_step: hooksOf('Before anything of a step is begun. One that fails: the step is not run.'),
      after_step: hooksOf('When a step that ran has ended, whatever became of it.'),
      after_run: hooksOf('When the run has ended, whatever became of it.'),
    },
    { error: 'a map with before_step, after_step and after_run' },
  )
  .describe('Commands and SQL to run around the steps of up, down and redo; one after the other, as listed.');
