import { commandHelp, overviewHelp } from './words/help.js';
import { COMMANDS, GROUPS } from './specs/commands.js';
import { GLOBAL_FLAGS } from './specs/command-spec.js';
import { findCommand, HELP } from './words/invocation.js';
import { version } from '../version.js';

/**
 * What `--help`, `help COMMAND` and `--version` answer, or null where none was asked for. Nothing heavy is loaded for it. Throws a
 * VeneerError (exit 64) for help about a command that does not exist.
 */
export function quickAnswer(argv: readonly string[]): string | null {
  const asked = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv;
  const words = wordsOf(asked);
  if (words[0] === HELP) return helpFor(words.slice(1));
  if (asked.includes('--help') || asked.includes('-h')) return helpFor(words);
  return asked.includes('--version') || asked.includes('-V') ? `${version()}\n` : null;
}

function helpFor(words: readonly string[]): string {
  const [group = ''] = words;
  if (words.length === 0 || (words.length === 1 && GROUPS.includes(group))) return overviewHelp(group);
  return commandHelp(findCommand(words));
}

/** The words that are neither flags nor their values. */
function wordsOf(argv: readonly string[]): readonly string[] {
  return argv.filter((word, index) => !word.startsWith('-') && !takesValue(argv[index - 1] ?? ''));
}

const takesValue = (word: string): boolean => VALUE_FLAGS.has(word);

const VALUE_FLAGS = new Set(
  [...GLOBAL_FLAGS, ...COMMANDS.flatMap(({ flags }) => flags)]
    .filter(({ type }) => type !== 'boolean')
    .flatMap(({ name, alias }) => [`--${name}`, ...(alias === undefined ? [] : [`-${alias}`])]),
);
