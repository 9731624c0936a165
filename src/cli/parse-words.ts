import { COMMANDS } from './commands.js';
import { GLOBAL_FLAGS, type FlagSpec } from './command-spec.js';
import { usageError } from './usage-error.js';

/** The command line taken apart, not yet understood. */
export interface Words {
  /** What is no flag, in order. */
  readonly words: readonly string[];
  /** By name without dashes, as it was typed; a flag that nobody knows is in here too. */
  readonly flags: ReadonlyMap<string, unknown>;
}

/**
 * Takes the command line apart with yargs. A flag means the same in every command, so all are declared at once and
 * may stand before the command as well. yargs is kept from guessing: no numbers out of strings, no `--no-x` for x, no
 * list that swallows the words after it; what it leaves unknown is refused by `readInvocation`, with a suggestion.
 */
export async function parseWords(argv: readonly string[]): Promise<Words> {
  const { default: yargs } = await import('yargs');
  const parser = yargs([...argv])
    .locale('en')
    .help(false)
    .version(false)
    .exitProcess(false)
    .fail(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'greedy-arrays': false,
      'parse-numbers': false,
      'parse-positional-numbers': false,
      'short-option-groups': false,
      'strip-aliased': true,
    });
  for (const flag of allFlags()) parser.option(flag.name, yargsOption(flag));
  const { _: words, $0: _script, ...flags } = parse(() => parser.parseSync());
  return { words: words.map(String), flags: new Map(Object.entries(flags)) };
}

function allFlags(): readonly FlagSpec[] {
  return [...GLOBAL_FLAGS, ...COMMANDS.flatMap(({ flags }) => flags)];
}

function yargsOption({ alias, type }: FlagSpec) {
  return {
    ...(alias === undefined ? {} : { alias }),
    type: type === 'boolean' ? ('boolean' as const) : ('string' as const),
    ...(type === 'list' ? { array: true } : {}),
  };
}

/** yargs stumbles over names that every object has (`--toString`). */
function parse<T>(work: () => T): T {
  try {
    return work();
  } catch {
    throw usageError(
      'the command line cannot be read: an option has a name that none can have',
      'migrate --help',
    );
  }
}
