import type { Options } from '../../catalog/relations/relation.js';
import { ident, literal } from '../../postgres/identifiers.js';

/** One change of an OPTIONS (…) list. */
export interface OptionChange {
  readonly verb: 'ADD' | 'SET' | 'DROP';
  readonly name: string;
  readonly value: string;
}

/** What turns one set of options into another, exactly. Pure. */
export function optionChanges(present: Options, wanted: Options): OptionChange[] {
  const set = Object.entries(wanted)
    .filter(([name, value]) => present[name] !== value)
    .map(([name, value]) => ({ verb: name in present ? ('SET' as const) : ('ADD' as const), name, value }));
  const dropped = Object.keys(present).filter((name) => !(name in wanted));
  return [...set, ...dropped.map((name) => ({ verb: 'DROP' as const, name, value: '' }))];
}

/** The list for CREATE, where every change is an ADD and the word is not written. */
export const createOptions = (changes: readonly OptionChange[]): string =>
  `OPTIONS (${changes.map(({ name, value }) => `${ident(name)} ${literal(value)}`).join(', ')})`;

/** The list for ALTER. */
export const alterOptions = (changes: readonly OptionChange[]): string =>
  `OPTIONS (${changes.map((change) => alterClause(change)).join(', ')})`;

const alterClause = ({ verb, name, value }: OptionChange): string =>
  verb === 'DROP' ? `DROP ${ident(name)}` : `${verb} ${ident(name)} ${literal(value)}`;

/** The same changes with passwords hidden, for people. */
export const maskPasswords = (changes: readonly OptionChange[]): OptionChange[] =>
  changes.map((change) => (change.name === 'password' ? { ...change, value: '***' } : change));
