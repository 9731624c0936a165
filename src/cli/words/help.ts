import { GLOBAL_FLAGS, type CommandSpec, type FlagSpec, type PositionalSpec } from '../specs/command-spec.js';
import { commandsOf } from '../specs/commands.js';

/**
 * The help of one command. Made of the same table as the parser, without loading it, so that `--help` is as quick
 * as Node itself, and the same text whatever the width of the terminal: it is pasted into the documentation.
 */
export function commandHelp(command: CommandSpec): string {
  return text([
    [`Usage: ${usage(command)}`],
    command.description,
    section('Arguments:', command.positionals.map(positionalRow)),
    section('Options:', command.flags.map(flagRow)),
    section('Everywhere:', elsewhere(command).map(flagRow)),
    ['Examples:', ...command.examples.flatMap((example) => [`  # ${example.text}`, `  ${example.command}`])],
  ]);
}

/** The help of all commands, or of a group (`sandbox`). */
export function overviewHelp(group: string): string {
  const prefix = group === '' ? 'migrate' : `migrate ${group}`;
  const commands = commandsOf(group).map((command): Row => [synopsis(command), command.summary]);
  return text([
    [`Usage: ${prefix} COMMAND [options]`],
    [
      group === ''
        ? 'Schema migrations for sharded PostgreSQL behind a postgres_fdw veneer.'
        : `${GROUP_TEXTS[group] ?? ''}${prefix} COMMAND --help tells more.`,
    ],
    section('Commands:', commands),
    section('Everywhere:', GLOBAL_FLAGS.map(flagRow)),
    ...(group === '' ? [section('Exit codes, the highest that applies wins:', EXIT_CODES)] : []),
    ...(group === ''
      ? [['`migrate COMMAND --help`, or `migrate help COMMAND`, has its options and examples.']]
      : []),
  ]);
}

/** What is understood everywhere, but for what means something of its own here. */
const elsewhere = ({ flags }: CommandSpec): readonly FlagSpec[] =>
  GLOBAL_FLAGS.filter(({ name }) => !flags.some((own) => own.name === name));

/** What the commands of a group are about. */
const GROUP_TEXTS: Readonly<Record<string, string>> = {
  sandbox: 'A sample fleet for a laptop. ',
  tenant: 'Tenants that come and go. ',
};

type Row = readonly [string, string];

const EXIT_CODES: readonly Row[] = [
  ['0', 'clean, or done'],
  ['1', 'a fault of pg-veneer itself'],
  ['10', 'status, plan --exit-code, recover: migrations are pending'],
  ['11', 'status, why: the veneer differs from the shards'],
  ['20', 'failed; nothing new is committed'],
  ['21', 'failed; a part of the fleet is ahead of the rest'],
  ['22', 'something is in doubt: prepared and not settled'],
  ['23', 'a member cannot be reached'],
  ['30', 'another runner works on this fleet'],
  ['64', 'the command was typed wrong'],
  ['78', 'the configuration is wrong'],
  ['130, 143', 'ended by Ctrl-C; by SIGTERM or migrate stop'],
];

function usage(command: CommandSpec): string {
  return `migrate ${synopsis(command)} [options]`;
}

const synopsis = ({ name, positionals }: CommandSpec): string =>
  [name, ...positionals.map(({ name, required }) => (required ? name : `[${name}]`))].join(' ');

const positionalRow = ({ name, text }: PositionalSpec): Row => [name, text];

function flagRow({ name, alias, value, text }: FlagSpec): Row {
  const short = alias === undefined ? '    ' : `-${alias}, `;
  return [`${short}--${name}${value === undefined ? '' : ` ${value}`}`, text];
}

function section(title: string, rows: readonly Row[]): readonly string[] {
  if (rows.length === 0) return [];
  const width = Math.max(...rows.map(([left]) => left.length));
  return [title, ...rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)];
}

const text = (blocks: readonly (readonly string[])[]): string =>
  blocks
    .filter((block) => block.length > 0)
    .map((block) => `${block.join('\n')}\n`)
    .join('\n');
