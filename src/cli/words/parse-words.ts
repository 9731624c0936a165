import { COMMANDS } from '../specs/commands.js';
import { GLOBAL_FLAGS, type FlagSpec } from '../specs/command-spec.js';
import { usageError } from './usage-error.js';

/** The command line taken apart, not yet understood. */
export interface Words {
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** By name without dashes, as it was typed; a flag that nobody knows is in here too. */
  readonly flags: ReadonlyMap<string, unknown>;
}

/**
 * Takes the command line apart with the parser of yargs; yargs itself loads what lays out help texts, and ours are laid out here.
 * A flag means the same in every command, so all are declared at once and may stand before the command as well. The parser is
 * kept from guessing: no numbers out of strings, no `--no-x` for x, no list that swallows the words after it; what it
 * leaves unknown is refused by `readInvocation`, with a suggestion.
 */
export async function parseWords(argv: readonly string[]): Promise<Words> {
  for (const word of argv) refuseValue(word);
  const { default: parser } = await import('yargs-parser');
  const { _: words, ...flags } = parser([...argv], { ...DECLARED, configuration: CONFIGURATION });
  return { words: words.map(String), flags: new Map(Object.entries(flags)) };
}

/** Throws (exit 64) for `--dry-run=1`: the parser takes whatever is not `true` for false, and the command would run. */
function refuseValue(word: string): void {
  const [, name, value = ''] = /^--?([^=]+)=([^]*)$/.exec(word) ?? [];
  const flag = FLAGS.find((one) => one.name === name || one.alias === name);
  if (flag?.type !== 'boolean' || ['true', 'false'].includes(value)) return;
  throw usageError(
    `--${flag.name} takes no value, and is given ${JSON.stringify(value)}`,
    `--${flag.name} alone`,
  );
}

const CONFIGURATION = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'greedy-arrays': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'short-option-groups': false,
  'strip-aliased': true,
};

const FLAGS: readonly FlagSpec[] = [...GLOBAL_FLAGS, ...COMMANDS.flatMap(({ flags }) => flags)];

const named = (isOne: (flag: FlagSpec) => boolean): string[] => FLAGS.filter(isOne).map(({ name }) => name);

const DECLARED = {
  alias: Object.fromEntries(FLAGS.flatMap(({ name, alias }) => (alias === undefined ? [] : [[name, alias]]))),
  boolean: named(({ type }) => type === 'boolean'),
  string: named(({ type }) => type !== 'boolean'),
  array: named(({ type }) => type === 'list'),
};
