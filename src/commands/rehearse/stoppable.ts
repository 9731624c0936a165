import { EXIT, worst } from '../../errors.js';
import { hasTable } from '../../postgres/state-tables.js';
import { anchorOf, type Run } from '../../protocol/run/run.js';
import { journalMember } from '../../protocol/run/journal-member.js';
import { readStopRequest, watchForStop } from '../../protocol/run/stop-request.js';
import type { Report } from '../../report/reports.js';

/**
 * Borrows a run that writes no history, and that ends all the same when `migrate stop` asks it to (exit 143). `work`
 * takes the run that it is given, whose signal fires.
 */
export async function stoppable<R extends Report>(run: Run, work: (run: Run) => Promise<R>): Promise<R> {
  const stop = watchForStop(
    () => askedBy(run).catch(() => null),
    (who) => run.onProgress({ type: 'notice', text: `${who} asked this run to end (migrate stop)` }),
  );
  try {
    const report = await work({ ...run, signal: AbortSignal.any([run.signal, stop.signal]) });
    if (stop.askedBy() === null || report.exitCode === EXIT.clean) return report;
    return { ...report, exitCode: worst(report.exitCode, EXIT.terminated) };
  } finally {
    stop.end();
  }
}

async function askedBy(run: Run): Promise<string | null> {
  const session = anchorOf(run, journalMember(run.config));
  if (!(await hasTable(session, 'history'))) return null;
  return readStopRequest(session, run.config.fleet, run.id);
}
