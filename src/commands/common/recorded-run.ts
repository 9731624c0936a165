import type { Config } from '../../config/config.js';
import { EXIT, problemOf, VeneerError, worst, type ExitCode, type Problem } from '../../errors.js';
import { leftOutNotices } from '../../fleet/leave-out.js';
import { openHistory, recordRun, type History } from '../../protocol/history/history.js';
import { endRow, settledRow } from '../../protocol/history/history-rows.js';
import { askLeftOut } from '../../protocol/settlement/left-out.js';
import { recover } from '../../protocol/settlement/recovery.js';
import { withRun, type RunOptions } from '../../protocol/run/with-run.js';
import type { Run } from '../../protocol/run/run.js';
import { analyzeShown } from '../../protocol/rollout/statistics.js';
import { watchForStop } from '../../protocol/run/stop-request.js';
import type { RunOutcome } from '../../report/history.js';
import type { Report } from '../../report/reports.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import { isWhole } from '../../report/whole.js';
import { settledReport, settledText } from './settled.js';

/** A run that is written down, and that ends when `migrate stop` asks it to. */
export interface RecordedRun extends Run {
  readonly history: History;
}

/**
 * `withRun` for a command whose run stands in history and can be stopped from elsewhere. History never changes what
 * became of the work: where it cannot be written, a notice says so.
 */
export const withRecordedRun = <R extends Report>(
  config: Config,
  options: RunOptions,
  work: (run: RecordedRun) => Promise<R>,
): Promise<R> => withRun(config, { ...options, isRecorded: true }, (run) => recorded(run, work));

async function recorded<R extends Report>(run: Run, work: (run: RecordedRun) => Promise<R>): Promise<R> {
  const history = await openHistory(run);
  const stop = watchForStop(
    () => history.stopAskedBy(),
    (who) => run.onProgress({ type: 'notice', text: `${who} asked this run to end (migrate stop)` }),
  );
  const signal = AbortSignal.any([run.signal, stop.signal]);
  try {
    const report = await work({ ...run, history, signal });
    const left = await analyzeShown({ ...run, signal });
    const asked = stop.askedBy();
    history.add(endRow(outcomeOf(report, signal, asked), report.problems));
    const missing = await history.close();
    const kept = missing === null ? [] : [missing];
    const notices = [...report.notices, ...left, ...kept, ...leftOutNotices(run.config)];
    const ended = asked === null ? interrupted(report, signal) : stopped(report, asked);
    return { ...ended, notices };
  } catch (error) {
    const problem = problemOf(error);
    history.add(endRow(signal.aborted ? 'interrupted' : BY_EXIT_CODE[problem.exitCode], [problem]));
    await history.close();
    throw error;
  } finally {
    stop.end();
  }
}

/** A run that was asked to end between two steps has no step that says so. */
export function interrupted<R extends Report>(report: R, { aborted }: AbortSignal): R {
  if (!aborted || isWhole(report)) return report;
  return { ...report, exitCode: worst(report.exitCode, EXIT.interrupted) };
}

/** Exit code 143, as SIGTERM would give it; a run that was through by then is what it was. */
function stopped<R extends Report>(report: R, who: string): R {
  if (isWhole(report)) return report;
  const message = `stopped: ${who} asked this run to end (migrate stop)`;
  const problem: Problem = { message, exitCode: EXIT.terminated };
  return {
    ...report,
    problems: [...report.problems, problem],
    exitCode: worst(report.exitCode, EXIT.terminated),
  };
}

function outcomeOf(report: Report, { aborted }: AbortSignal, asked: string | null): RunOutcome {
  const cutShort = aborted && report.exitCode !== EXIT.inDoubt && !isWhole(report);
  if (cutShort) return asked === null ? 'interrupted' : 'stopped';
  return BY_EXIT_CODE[report.exitCode];
}

const BY_EXIT_CODE: Readonly<Record<ExitCode, RunOutcome>> = {
  [EXIT.clean]: 'done',
  [EXIT.bug]: 'fault',
  [EXIT.pending]: 'done',
  [EXIT.drift]: 'done',
  [EXIT.failed]: 'failed',
  [EXIT.partial]: 'partly done',
  [EXIT.inDoubt]: 'in doubt',
  [EXIT.unreachable]: 'unreachable',
  [EXIT.locked]: 'failed',
  [EXIT.usage]: 'failed',
  [EXIT.config]: 'failed',
  [EXIT.interrupted]: 'interrupted',
  [EXIT.terminated]: 'interrupted',
};

/**
 * Settles what earlier runs left, before a run does anything else; tells it and writes it down. Throws (exit 22) where a
 * veneer is left out and something stays in doubt: it may be that veneer's.
 */
export async function settleFirst(run: RecordedRun): Promise<SettledAttempt[]> {
  const settled = settledReport(await recover(run));
  for (const attempt of settled) {
    run.onProgress({ type: 'settled', text: settledText(attempt) });
    run.history.add(settledRow(attempt));
  }
  if (run.config.leftOut.length > 0) {
    const inDoubt = settled.find(({ ending }) => ending === 'in doubt');
    if (inDoubt !== undefined) throw passedBy(inDoubt);
    await askLeftOut(run);
  }
  return settled;
}

const passedBy = (attempt: SettledAttempt): VeneerError =>
  new VeneerError(`no veneer can be left out while a step is in doubt: ${settledText(attempt)}`, {
    exitCode: EXIT.inDoubt,
    hint: attempt.hint ?? 'bring the veneer back, then migrate recover',
  });

/**
 * The history of a run that does nothing but settle: it is written when there was something that could be settled, so
 * that `recover --watch`, which looks every second, does not fill the table.
 */
export async function recordSettling(run: Run, settled: readonly SettledAttempt[]): Promise<void> {
  if (settled.every(({ ending }) => ending === 'in doubt')) return;
  const isWhole = settled.every(({ detail }) => detail === null);
  await recordRun(run, [...settled.map(settledRow), endRow(isWhole ? 'done' : 'in doubt', [])]);
}
