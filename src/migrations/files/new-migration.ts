import { EXIT, VeneerError } from '../../errors.js';
import { compareNames, isRepeatable, orderKey, orderOf } from '../migration-names.js';

/** Longer names make file names that some systems refuse, and tables that nobody can read. */
const LONGEST = 100;

/**
 * The name of a new migration: what it does in kebab case, behind the number that it was typed with, else behind the UTC
 * date and time in 17 digits, as node-pg-migrate writes it; `R__…`, a repeatable, keeps that. Throws (exit 64) for a name that says nothing.
 */
export function newName(typed: string, now: Date): string {
  const [, repeatable] = /^R__(.*)$/s.exec(typed.trim()) ?? [];
  const [, number, rest = typed] = /^(\d+)[-_ ]+(.*)$/s.exec(typed.trim()) ?? [];
  const words = kebab(repeatable ?? rest);
  if (words === '' || words.length > LONGEST) {
    throw new VeneerError(`no name can be made of ${JSON.stringify(typed)}`, {
      exitCode: EXIT.usage,
      hint: `say in a few words what the migration does, ${LONGEST} characters at most: migrate create "add authors"`,
    });
  }
  if (repeatable !== undefined) return `R__${words}`;
  const name = `${number ?? utcDigits(now)}_${words}`;
  if (orderOf(name) === null) throw noDate(name);
  return name;
}

/** `Create Authors`, `createAuthors` and `create_authors` are `create-authors`; accents are left out. */
const kebab = (text: string): string =>
  text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/(\p{Ll}|\d)(\p{Lu})/gu, '$1-$2')
    .toLowerCase()
    .replaceAll(/[^\p{L}\d]+/gu, '-')
    .replaceAll(/^-+|-+$/g, '');

/** 2026-01-05T09:00:00.000Z → 20260105090000000 */
const utcDigits = (now: Date): string => now.toISOString().replaceAll(/\D/g, '');

const noDate = (name: string): VeneerError =>
  new VeneerError(`${name} begins with 17 digits that are no date`, {
    exitCode: EXIT.usage,
    hint: 'leave the number out: it is made of the date and time',
  });

/**
 * Throws (exit 64) where the new name would not be the last of those known: `policy.out_of_order` refuses what sorts
 * before an applied one, and nobody can tell where a file of the folder was applied already.
 */
export function refuseEarlyName(name: string, known: readonly string[]): void {
  if (isRepeatable(name) && known.includes(name)) throw refusal(`there is a migration ${name} already`);
  if (isRepeatable(name)) return;
  const numbered = known.filter((one) => orderOf(one) !== null);
  const same = numbered.find((one) => orderKey(one) === orderKey(name));
  if (same !== undefined) throw refusal(`there is a migration ${same} already`);
  const last = numbered.toSorted(compareNames).at(-1);
  if (last === undefined || compareNames(last, name) < 0) return;
  throw refusal(`${name} would sort before ${last}, which is there already`);
}

const refusal = (message: string): VeneerError =>
  new VeneerError(message, {
    exitCode: EXIT.usage,
    hint: 'give it a later number of your own: migrate create NUMBER_name; 14 digits count as more than a date of 17',
  });
