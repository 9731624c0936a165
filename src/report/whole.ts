import type { Report } from './reports.js';

/** Nothing that the command meant to do is left: being asked to end came too late, or changed nothing. Pure. */
export function isWhole(report: Report): boolean {
  switch (report.command) {
    case 'up':
    case 'down':
    case 'redo':
      return (
        report.shards.every(({ state }) => state === 'done' || state === 'up to date') &&
        report.veneerSteps.every(({ state, problem }) => state === 'committed' && problem === null)
      );
    case 'setup':
      return report.members.every(({ state }) => state === 'done' || state === 'nothing to do');
    case 'sync':
      return report.veneers.every(({ state }) => state === 'in line' || state === 'repaired');
    default:
      return report.exitCode === 0;
  }
}
