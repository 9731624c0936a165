import type { LintOptions } from '../../commands/lint/lint.js';
import { LINT_LEVELS, type LintLevel } from '../../report/lint.js';
import type { Flags } from '../words/flags.js';
import { quoted } from '../words/quoted.js';
import { usageError } from '../words/usage-error.js';

/** `migrate lint` with its options. */
export interface LintVerb {
  readonly command: 'lint';
  readonly options: LintOptions;
}

/** Reads its options. Throws (exit 64) for a level that there is not. */
export function readLintVerb(names: readonly string[], flags: Flags): LintVerb {
  const given = flags.one('fail-on');
  const failOn = readLevel(given);
  const typed = [...names.map(quoted), ...(given === null ? [] : [`--fail-on ${given}`])];
  return { command: 'lint', options: { names, failOn, typed: ['migrate lint', ...typed].join(' ') } };
}

function readLevel(text: string | null): LintLevel {
  const level = LINT_LEVELS.find((one) => one === (text ?? 'error'));
  if (level !== undefined) return level;
  throw usageError(`--fail-on takes ${LINT_LEVELS.join(', ')}, not ${text}`, 'migrate lint --help');
}
