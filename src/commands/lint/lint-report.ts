import { EXIT, worst, type ExitCode, type Problem } from '../../errors.js';
import type { OddOrder } from '../../migrations/files/date-order.js';
import { labelOf } from '../../migrations/migration.js';
import type { LintFinding, LintLevel, LintMigration, LintReport } from '../../report/lint.js';

/** All that was found. */
export interface LintFacts {
  readonly fleet: string;
  readonly migrations: readonly LintMigration[];
  readonly findings: readonly LintFinding[];
  readonly problems: readonly Problem[];
  /** How many problems other files have, which were not asked about. */
  readonly leftOut: number;
  readonly failOn: LintLevel;
  readonly typed: string;
}

/** The report of what was found, file by file. Pure. */
export function foldLint({
  fleet,
  migrations,
  findings,
  problems,
  leftOut,
  failOn,
  typed,
}: LintFacts): LintReport {
  const fails: readonly LintFinding['level'][] =
    failOn === 'error' ? [] : failOn === 'warning' ? ['warning'] : ['warning', 'unknown'];
  const exitCode = worst(
    ...problems.map((one) => one.exitCode),
    findings.some(({ level }) => fails.includes(level)) ? EXIT.failed : EXIT.clean,
  );
  return {
    command: 'lint',
    fleet,
    migrations,
    findings: findings.toSorted((a, b) => Number(a.file > b.file) - Number(a.file < b.file)),
    problems,
    notices:
      leftOut === 0
        ? []
        : [
            `other migrations have ${leftOut} ${leftOut === 1 ? 'problem' : 'problems'}, for which up refuses all: migrate lint`,
          ],
    exitCode,
    next: nextOf(exitCode, findings, typed),
  };
}

/** What only a database tells, a rehearsal does. */
function nextOf(exitCode: ExitCode, findings: readonly LintFinding[], typed: string): string | null {
  if (exitCode !== EXIT.clean) return typed;
  return findings.some(({ level }) => level !== 'note') ? 'migrate rehearse' : null;
}

/** That a file's date and its place in the order do not agree. */
export const oddOrderFinding = ({ file, next }: OddOrder): LintFinding => ({
  level: 'warning',
  rule: 'order',
  migration: labelOf(file),
  file: file.file,
  line: null,
  sql: null,
  text: `runs before ${next}, though its date is later`,
  why: '17 digits count as a date with milliseconds, 14 as a plain number, which is larger than each of these',
  instead:
    'one kind of number for all files that are not applied yet: 17 digits, as migrate create writes them',
});

/** What is no mistake where nobody wants to go back. */
export const withoutWayDown = ({ message, where, hint }: Problem): LintFinding => ({
  level: 'note',
  rule: 'no way down',
  migration: where?.migration ?? '',
  file: where?.file ?? '',
  line: where?.line ?? null,
  sql: null,
  text: message,
  why: 'migrate down and redo refuse it, and all that stands below it',
  instead: hint ?? null,
});
