import { groupBy } from '../../group-by.js';
import type { Config } from '../../config/config.js';
import { EXIT, worst, type ExitCode, type Problem } from '../../errors.js';
import { display } from '../../postgres/identifiers.js';
import type { LeftOnVeneer } from '../../protocol/sync/repair-veneers.js';
import { nextCommand } from '../../report/next-command.js';
import type { SyncReport, SyncVeneer } from '../../report/reports.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import { settledExit } from '../common/settled.js';

/** What was done, or is to be done, for one shard on the veneers. */
export interface ShardResult {
  readonly statements: Readonly<Record<string, readonly string[]>>;
  readonly problem: Problem | null;
  readonly left?: readonly LeftOnVeneer[];
  /** Veneers that lost their part of what the others have committed. */
  readonly lost?: readonly string[];
}

/** What `sync` answers. Pure. */
export function syncReport(
  config: Config,
  { dryRun, prune }: { readonly dryRun: boolean; readonly prune: boolean },
  results: readonly ShardResult[],
  settled: readonly SettledAttempt[],
): SyncReport {
  const problems = results.flatMap(({ problem }) => problem ?? []);
  const veneers = config.veneers.map(({ name }) => veneerOutcome(name, results, dryRun));
  const repaired = !dryRun && veneers.some((veneer) => veneer.statements.length > 0);
  const exitCode = worst(
    ...problems.map((problem): ExitCode => problem.exitCode),
    problems.length > 0 && repaired ? EXIT.partial : EXIT.clean,
    settledExit(settled),
  );
  const planned = dryRun && veneers.some((veneer) => veneer.statements.length > 0);
  const again = `migrate sync${prune ? ' --prune' : ''}`;
  const otherwise = planned || exitCode !== EXIT.clean ? again : null;
  return {
    command: 'sync',
    fleet: config.fleet,
    dryRun,
    settled,
    veneers,
    problems,
    exitCode,
    next: nextCommand({ exitCode, problems, otherwise }),
    notices: prune ? [] : leftNotices(results.flatMap(({ left = [] }) => left)),
  };
}

/** How many are named in a notice. */
const NAMED = 5;

function leftNotices(left: readonly LeftOnVeneer[]): string[] {
  return [...groupBy(left, ({ veneer }) => veneer)].map(([veneer, parts]) => {
    const names = parts.flatMap(({ types }) => types.map(display));
    const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
    return `${veneer} has types that nothing is made of any more, which --prune drops: ${names.slice(0, NAMED).join(', ')}${more}`;
  });
}

function veneerOutcome(veneer: string, results: readonly ShardResult[], dryRun: boolean): SyncVeneer {
  const statements = results.flatMap((result) => result.statements[veneer] ?? []);
  const failed = results.find(
    ({ problem, lost }) => problem !== null && (lost === undefined || lost.includes(veneer)),
  );
  const problem = failed?.problem ?? null;
  const state =
    problem !== null ? 'failed' : statements.length === 0 ? 'in line' : dryRun ? 'planned' : 'repaired';
  return { veneer, state, statements, problem };
}
