import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { hasTable } from '../../postgres/state-tables.js';
import { readRuns, readSteps, type WhichRuns } from '../../protocol/history/read-history.js';
import type { HistoryRun } from '../../report/history.js';
import type { HistoryReport } from '../../report/reports.js';
import type { CommandContext } from '../common/context.js';
import { withJournals } from './journal-session.js';

export type HistoryOptions =
  | { readonly show: null; readonly limit: number }
  /** A run's id, or its beginning. */
  | { readonly show: string };

/** What was done to the fleet, newest first, or one run whole. Reads only, takes no lock, works before setup too. */
export async function history(
  config: Config,
  options: HistoryOptions,
  context: Pick<CommandContext, 'who'>,
): Promise<HistoryReport> {
  return withJournals(config, context, 'reading', async (sessions, notices) => {
    const kept: Session[] = [];
    for (const session of sessions) if (await hasTable(session, 'history')) kept.push(session);
    const [first] = sessions;
    if (kept.length === 0 && first !== undefined) return nothingKept(config, first);
    if (options.show === null) {
      const runs = await allRuns(kept, config.fleet, { limit: options.limit });
      return report(config, { notices, runs: runs.slice(0, options.limit) });
    }
    const run = oneRun(
      await allRuns(kept, config.fleet, { prefix: options.show }),
      config.fleet,
      options.show,
    );
    const steps = await Promise.all(kept.map((session) => readSteps(session, config.fleet, run.run)));
    return report(config, { notices, runs: [run], steps: steps.flat() });
  });
}

/** Of all veneers, newest first: a run that left the first one out has its pages on the next. An id sorts by time. */
async function allRuns(kept: readonly Session[], fleet: string, which: WhichRuns): Promise<HistoryRun[]> {
  const runs = await Promise.all(kept.map((session) => readRuns(session, fleet, which)));
  const only = runs.length === 1 ? runs[0] : undefined;
  return only ?? runs.flat().toSorted((a, b) => (a.run < b.run ? 1 : -1));
}

function oneRun(found: readonly HistoryRun[], fleet: string, prefix: string): HistoryRun {
  const [run, other] = found;
  const exact = found.find((one) => one.run === prefix) ?? (other === undefined ? run : undefined);
  if (exact !== undefined) return exact;
  const few = found.slice(0, 3).map((one) => one.run);
  throw new VeneerError(
    run === undefined
      ? `fleet ${fleet} has no run ${JSON.stringify(prefix)}`
      : `${JSON.stringify(prefix)} may be ${few.join(' or ')}${found.length > few.length ? ' or another' : ''}`,
    { exitCode: EXIT.usage, hint: 'migrate history lists the runs' },
  );
}

const nothingKept = (config: Config, { member }: Session): HistoryReport =>
  report(config, {
    notices: [`no history is kept yet: ${member} has no table for it, migrate setup makes it`],
    next: 'migrate setup',
  });

const report = (config: Config, parts: Partial<HistoryReport>): HistoryReport => ({
  command: 'history',
  fleet: config.fleet,
  exitCode: EXIT.clean,
  next: null,
  problems: [],
  notices: [],
  runs: [],
  steps: null,
  ...parts,
});
