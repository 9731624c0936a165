import * as z from 'zod';

/** Any text; `expected` names it in problems. */
export function text(expected: string): z.ZodString {
  return z.string({ error: expected });
}

/** A text that is not empty. */
export function name(expected: string): z.ZodString {
  return z.string({ error: expected }).min(1, { error: expected });
}

/** One of several words. */
export function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  const error = [words.slice(0, -1).join(', '), words.at(-1)].filter(Boolean).join(' or ');
  return z.enum(words, { error });
}

/** A whole number from `from` on. */
export function wholeNumber(from: number, expected: string) {
  return z.int({ error: expected }).min(from, { error: expected });
}

/** A server option: numbers and booleans are taken as text. */
export const optionValue = z
  .union([z.string(), z.number(), z.boolean()], { error: 'a text, a number, true or false' })
  .describe('An option of CREATE SERVER.');

/** The name of a server on the veneer. */
export const serverName = text('the name of a server').describe(
  'The name of the server on the veneer. {shard} is filled in. Default: <shard>_server; with tenant.database <tenant>_server.',
);

/** Options of a postgres_fdw server, with its name. */
export const route = z
  .object(
    {
      name: serverName.optional(),
      host: optionValue.describe('The host as the veneer sees it. Default: as in the url.').optional(),
      port: optionValue.describe('The port as the veneer sees it. Default: as in the url.').optional(),
      dbname: optionValue.describe('The database on the shard. Default: as in the url.').optional(),
    },
    { error: 'a map of server options' },
  )
  .catchall(optionValue);

/** A privilege on tables. */
export const grant = oneOf(['select', 'insert', 'update', 'delete']);
