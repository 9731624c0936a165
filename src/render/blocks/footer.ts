import type { Problem } from '../../errors.js';
import type { Report } from '../../report/reports.js';
import type { Block } from './block.js';
import { problemLines } from './problem.js';
import type { Style } from './style.js';

/** What every report ends with: problems that were not shown above, notices, and the command to type next. */
export function footerBlocks(
  report: Report,
  shown: readonly (Problem | null)[],
  style: Style,
): readonly Block[] {
  const known = new Set(shown.map((problem) => JSON.stringify(problem)));
  const problems = report.problems.filter((problem) => !known.has(JSON.stringify(problem)));
  return [
    ...problems.map((problem) => problemLines(problem, style)),
    report.notices.map((notice) => `${style.yellow('notice:')} ${notice}`),
    report.next === null ? [] : [`${style.bold('next:')} ${style.code(report.next)}`],
  ];
}

/** A problem below the row that it belongs to. */
export function indentedProblem(problem: Problem | null, style: Style): Block {
  return problem === null ? [] : problemLines(problem, style).map((line) => `  ${line}`);
}
