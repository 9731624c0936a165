import type { Config } from '../config/config.js';
import { EXIT, VeneerError } from '../errors.js';
import type { Session } from '../postgres/session.js';
import { hasTable } from '../protocol/journal.js';
import { readRuns, readSteps } from '../protocol/read-history.js';
import type { HistoryRun } from '../report/history.js';
import type { HistoryReport } from '../report/reports.js';
import type { CommandContext } from './context.js';
import { withJournal } from './journal-session.js';

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
  return withJournal(config, context, 'reading', async (session) => {
    if (!(await hasTable(session, 'history'))) return nothingKept(config, session);
    if (options.show === null) {
      return report(config, { runs: await readRuns(session, config.fleet, { limit: options.limit }) });
    }
    const run = await oneRun(session, config.fleet, options.show);
    return report(config, { runs: [run], steps: await readSteps(session, config.fleet, run.run) });
  });
}

async function oneRun(session: Session, fleet: string, prefix: string): Promise<HistoryRun> {
  const found = await readRuns(session, fleet, { prefix });
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
