import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { hasTable } from '../../postgres/state-tables.js';
import { readRuns } from '../../protocol/history/read-history.js';
import { askToStop, readRunner, type Runner } from '../../protocol/run/stop-request.js';
import type { StopReport, StoppedRun } from '../../report/reports.js';
import type { CommandContext } from '../common/context.js';
import { withJournals } from './journal-session.js';

export interface StopOptions {
  /** How long (milliseconds) the run is waited for. */
  readonly timeoutMs: number;
}

/** Milliseconds between two looks whether the run has ended, and between two words about the waiting. */
const LOOK_MS = 100;
const WORD_MS = 5_000;

/**
 * Asks the command that works on the fleet to end, as Ctrl-C would where it runs, and waits until it has let go. It
 * reaches that run alone; one that begins later is not meant.
 */
export async function stop(
  config: Config,
  options: StopOptions,
  context: Pick<CommandContext, 'who' | 'signal' | 'onProgress'>,
): Promise<StopReport> {
  const start = performance.now();
  return withJournals(config, context, 'stopping', async (sessions, notices) => {
    const [found] = await findRunner(sessions, config.fleet);
    const base = { config, start, notices, runner: found?.runner ?? null };
    if (found === undefined) return report(base, { state: 'no runner' });
    const { session, runner } = found;
    const refusal = await refusalOf(session, runner);
    if (refusal !== null || runner.run === null)
      return report(base, { state: 'not asked', problems: refusal === null ? [] : [refusal] });
    await askToStop(session, config.fleet, runner.run, context.who);
    context.onProgress({ type: 'notice', text: `asked ${nameOf(runner)} to end` });
    const ended = await awaitEnd(session, config.fleet, runner, options, context);
    if (!ended)
      return report(base, { state: 'still running', problems: [stillThere(config, runner, options)] });
    const [run] = await readRuns(session, config.fleet, { prefix: runner.run });
    return report(base, { state: 'ended', outcome: run?.state ?? 'ended without a word' });
  });
}

/** The run at work, and where it looks whether it is to end: the first veneer that it has not left out. */
async function findRunner(
  sessions: readonly Session[],
  fleet: string,
): Promise<{ readonly session: Session; readonly runner: Runner }[]> {
  const found = await Promise.all(
    sessions.map(async (session) => ({ session, runner: await readRunner(session, fleet) })),
  );
  return found.flatMap(({ session, runner }) => (runner === null ? [] : [{ session, runner }]));
}

/** Why the holder of the lock cannot be asked, or null. */
async function refusalOf(session: Session, runner: Runner): Promise<Problem | null> {
  const problem = (message: string): Problem => ({
    message,
    exitCode: EXIT.locked,
    where: { member: session.member },
    hint: `end it where it runs, or its session: SELECT pg_terminate_backend(${runner.pid})`,
  });
  if (runner.run === null) return problem(`pid ${runner.pid} holds the lock, and is no run of pg-veneer`);
  return (await hasTable(session, 'history'))
    ? null
    : problem(`${nameOf(runner)} cannot be asked: ${session.member} was set up before runs could be`);
}

/** True when the run has let go of its lock; another may have it by then. */
async function awaitEnd(
  session: Session,
  fleet: string,
  { run }: Runner,
  { timeoutMs }: StopOptions,
  { signal, onProgress }: Pick<CommandContext, 'signal' | 'onProgress'>,
): Promise<boolean> {
  const start = performance.now();
  let words = 0;
  for (;;) {
    if ((await readRunner(session, fleet))?.run !== run) return true;
    const waited = performance.now() - start;
    if (waited >= timeoutMs || signal.aborted) return false;
    if (waited > (words + 1) * WORD_MS) {
      words++;
      onProgress({ type: 'notice', text: `waiting for it to end, ${Math.round(waited / 1000)} s` });
    }
    await delay(Math.min(LOOK_MS, timeoutMs - waited), undefined, { signal }).catch(() => undefined);
  }
}

const stillThere = ({ fleet }: Config, runner: Runner, { timeoutMs }: StopOptions): Problem => ({
  message: `${nameOf(runner)} still works on fleet ${fleet}, ${timeoutMs / 1000} s after it was asked to end`,
  exitCode: EXIT.locked,
  hint: `it stays asked; if it cannot answer any more: SELECT pg_terminate_backend(${runner.pid})`,
});

const nameOf = ({ run, command, who, pid }: Runner): string =>
  `run ${run} (${command ?? 'unknown'} by ${who ?? 'unknown'}, pid ${pid})`;

interface Base {
  readonly config: Config;
  readonly start: number;
  readonly runner: Runner | null;
  readonly notices: readonly string[];
}

function report(
  { config, start, runner, notices }: Base,
  parts: Pick<StopReport, 'state'> & Partial<StopReport>,
): StopReport {
  const waits = parts.state === 'still running' || parts.state === 'not asked';
  return {
    command: 'stop',
    fleet: config.fleet,
    run: runner === null ? null : stoppedRun(runner),
    outcome: null,
    ms: Math.round(performance.now() - start),
    problems: [],
    notices,
    exitCode: waits ? EXIT.locked : EXIT.clean,
    next: waits ? 'migrate stop' : null,
    ...parts,
  };
}

const stoppedRun = ({ run, command, who, client, pid, since }: Runner): StoppedRun => ({
  run,
  command,
  who,
  client,
  pid,
  since,
});
