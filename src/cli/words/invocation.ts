import { COMMANDS, FIRST_WORDS, GROUPS, commandsOf } from '../specs/commands.js';
import { GLOBAL_FLAGS, type CommandSpec } from '../specs/command-spec.js';
import { readFlags, type Flags } from './flags.js';
import { parseWords } from './parse-words.js';
import { suggestion } from './suggest.js';
import { usageError } from './usage-error.js';

/** A command line that is understood: the command, its words and its flags. */
export interface Invocation {
  readonly command: CommandSpec;
  /** What stands after the command's name. */
  readonly words: readonly string[];
  readonly flags: Flags;
}

/** Reads a command line. Throws a VeneerError (exit 64) that names the nearest known word. */
export async function readInvocation(argv: readonly string[]): Promise<Invocation> {
  const { words, flags } = await parseWords(argv);
  const command = findCommand(words);
  const known = [...GLOBAL_FLAGS, ...command.flags];
  refuseUnknownFlags([...flags.keys()], command);
  const rest = words.slice(command.name.split(' ').length);
  refuseWrongWords(rest, command);
  return { command, words: rest, flags: readFlags(flags, known, helpOf(command)) };
}

/** The first word that asks for help about the others: `quickAnswer` has answered it. */
export const HELP = 'help';

/** The command that the words begin with; throws the error for a word that is none. */
export function findCommand(words: readonly string[]): CommandSpec {
  const [first = '', second = ''] = words;
  const isGroup = GROUPS.includes(first);
  const named = (name: string): CommandSpec | undefined =>
    COMMANDS.find((candidate) => candidate.name === name);
  const command = named(`${first} ${second}`) ?? (isGroup ? undefined : named(first));
  if (command !== undefined) return command;
  const group = isGroup ? first : '';
  const names = isGroup
    ? commandsOf(first).map((spec) => spec.name.slice(first.length + 1))
    : [...FIRST_WORDS, HELP];
  throw unknownCommand(isGroup ? second : first, names, group);
}

function unknownCommand(word: string, names: readonly string[], group: string): Error {
  const prefix = group === '' ? 'migrate' : `migrate ${group}`;
  const hint = `one of: ${names.join(', ')}; ${prefix} --help tells what they do`;
  if (word === '') return usageError(`${prefix} needs a command`, hint);
  return usageError(`${prefix} has no command ${JSON.stringify(word)}${suggestion(word, names)}`, hint);
}

function refuseUnknownFlags(names: readonly string[], command: CommandSpec): void {
  const flags = [...GLOBAL_FLAGS, ...command.flags];
  const unknown = names.find((name) => !flags.some((flag) => flag.name === name || flag.alias === name));
  if (unknown === undefined) return;
  const typed = unknown.length === 1 ? `-${unknown}` : `--${unknown}`;
  const meant = suggestion(
    unknown,
    flags.map(({ name }) => name),
    '--',
  );
  throw usageError(`migrate ${command.name} has no option ${typed}${meant}`, helpOf(command));
}

function refuseWrongWords(words: readonly string[], command: CommandSpec): void {
  const missing = command.positionals.slice(words.length).find(({ required }) => required);
  if (missing !== undefined)
    throw usageError(`migrate ${command.name} needs a ${missing.name}: ${missing.text}`, helpOf(command));
  const surplus = words[command.positionals.length];
  const isOver = command.positionals.at(-1)?.many !== true;
  if (surplus !== undefined && isOver)
    throw usageError(
      `migrate ${command.name} does not understand ${JSON.stringify(surplus)}`,
      helpOf(command),
    );
}

const helpOf = ({ name }: CommandSpec): string => `migrate ${name} --help`;
