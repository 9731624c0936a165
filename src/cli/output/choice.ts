import { FORMATS, WITH_METRICS, type Format } from '../../render/format.js';
import type { Invocation } from '../words/invocation.js';
import { suggestion } from '../words/suggest.js';
import { usageError } from '../words/usage-error.js';

/** In which form a command answers, and where. */
export interface OutputChoice {
  readonly format: Format;
  /** The file of --out, as it was typed; null: stdout. */
  readonly out: string | null;
  /** What stdout gets: with --out the usual text. */
  readonly shown: Format;
}

/** Reads --format, --json and --out. Throws (exit 64) for a form that there is not, that this command has not, or two of them. */
export function readOutput({ command, flags }: Invocation): OutputChoice {
  const format = readFormat(flags.one('format'), flags.isSet('json'));
  // An --out of its own is no report's: rehearse writes a plan there.
  const out = command.flags.some(({ name }) => name === 'out') ? null : flags.one('out');
  const [name = ''] = command.name.split(' ');
  if (format === 'prometheus' && !WITH_METRICS.includes(name))
    throw usageError(
      `migrate ${command.name} has no metrics`,
      `--format prometheus works with migrate ${WITH_METRICS.join(', ')}`,
    );
  if (command.name === 'sandbox logs' && (format !== 'text' || out !== null))
    throw logsError(flags.isSet('json'));
  return { format, out, shown: out === null ? format : 'text' };
}

function readFormat(name: string | null, json: boolean): Format {
  const format = FORMATS.find((one) => one === name);
  if (name !== null && format === undefined)
    throw usageError(
      `--format takes ${FORMATS.join(', ')}, not ${name}${suggestion(name, FORMATS)}`,
      `--format ${FORMATS[0]} is what there is without it`,
    );
  if (json && format !== undefined && format !== 'json')
    throw usageError(`--json and --format ${format} are two forms`, 'leave one of them out');
  return json ? 'json' : (format ?? 'text');
}

function logsError(json: boolean): Error {
  const [flag, hint] = json ? ['--json', 'leave --json out'] : ['--format and no --out', 'leave them out'];
  return usageError(`migrate sandbox logs prints lines as they come; it has no ${flag}`, hint);
}

/** The form on stdout that a command line asks for which nobody could read. */
export function formatAsked(argv: readonly string[]): Format {
  const isElsewhere = argv.some((word) => word === '--out' || word.startsWith('--out='));
  if (isElsewhere && !argv.includes('rehearse')) return 'text';
  if (argv.includes('--json')) return 'json';
  const at = argv.indexOf('--format');
  const named = at < 0 ? argv.find((word) => word.startsWith('--format='))?.slice(9) : argv[at + 1];
  return FORMATS.find((one) => one === named) ?? 'text';
}
