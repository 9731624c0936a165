import { setTimeout as delay } from 'node:timers/promises';
import type { Config } from '../../config/config.js';
import { EXIT, problemOf, VeneerError, worst, type Problem } from '../../errors.js';
import { foreseeRecovery, recover as recoverRun, type Settled } from '../../protocol/settlement/recovery.js';
import { stillThere } from '../../protocol/settlement/traces.js';
import { withRun } from '../../protocol/run/with-run.js';
import { nextCommand } from '../../report/next-command.js';
import type { RecoverReport } from '../../report/reports.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { leftOutNotices } from '../../fleet/leave-out.js';
import { recordSettling } from '../common/recorded-run.js';
import { settledExit, settledReport, settledText } from '../common/settled.js';

export interface RecoverOptions {
  /** Say what would be settled, and how; settle nothing. */
  readonly dryRun: boolean;
  /** Go on looking until the signal fires: for a host that may lose its runners. */
  readonly watch: boolean;
  /** Shards that are lost for good: their part of an attempt in doubt is given up. */
  readonly forget: readonly string[];
}

/**
 * Settles what a crash left, and says what it did and what it had to leave. `again` reads the fleet anew for each look of a
 * watch: its members change while that goes on, as far as tenants are databases.
 */
export async function recover(
  config: Config,
  options: RecoverOptions,
  context: CommandContext,
  again: () => Promise<Config> = async () => config,
): Promise<RecoverReport> {
  refuseUnknown(config, options.forget);
  if (options.dryRun) return foresee(config, options, context);
  if (options.watch) return watch(config, options, context, again);
  const { settled, problems } = await settleOnce(config, options, context);
  return reportOf(config, settled, problems);
}

interface Outcome {
  readonly settled: readonly Settled[];
  readonly problems: readonly Problem[];
}

function settleOnce(config: Config, { forget }: RecoverOptions, context: CommandContext): Promise<Outcome> {
  return withRun(config, { ...context, command: 'recover' }, async (run) => {
    refuseReachable(await stillThere({ config, sessions: run.anchors }, forget));
    const settled = await recoverRun(run, { forget });
    await recordSettling(run, settledReport(settled));
    return {
      settled,
      problems: [...run.unreachable.values()].filter(({ where }) => !forget.includes(where?.member ?? '')),
    };
  });
}

async function foresee(
  config: Config,
  { forget }: RecoverOptions,
  context: CommandContext,
): Promise<RecoverReport> {
  return withReaders(config, context, async ({ sessions, unreachable }) => {
    refuseReachable(await stillThere({ config, sessions }, forget));
    const settled = await foreseeRecovery({ config, sessions }, { forget });
    const report = reportOf(config, settled, [...unreachable.values()]);
    return {
      ...report,
      dryRun: true,
      next: settled.length === 0 ? report.next : 'migrate recover',
      notices: [...report.notices, 'nothing was settled; a runner at work may still settle these itself'],
    };
  });
}

/** Milliseconds between two looks. */
const WATCH_MS = 1_000;

/** Settles again and again, told as progress; another runner at work settles its own, and is left alone. */
async function watch(
  config: Config,
  options: RecoverOptions,
  context: CommandContext,
  again: () => Promise<Config>,
): Promise<RecoverReport> {
  const all: Settled[] = [];
  let fleet = config;
  let problems: readonly Problem[] = [];
  while (!context.signal.aborted) {
    // Where it cannot be read, a file that is being edited perhaps, what it was before goes on being settled.
    fleet = await again().catch(() => fleet);
    const outcome = await settleOnce(fleet, options, context).catch((error: unknown) =>
      problemOutcome(error),
    );
    problems = outcome.problems;
    const news = settledReport(outcome.settled).filter((attempt) => attempt.ending !== 'in doubt');
    for (const attempt of news) context.onProgress({ type: 'settled', text: settledText(attempt) });
    all.push(...outcome.settled.filter(({ ending }) => ending.kind !== 'in doubt'));
    await delay(WATCH_MS, undefined, { signal: context.signal }).catch(() => undefined);
  }
  return reportOf(config, all, problems);
}

function problemOutcome(error: unknown): Outcome {
  const problem = problemOf(error);
  if (problem.exitCode === EXIT.locked) return { settled: [], problems: [] };
  if (problem.exitCode !== EXIT.unreachable) throw error;
  return { settled: [], problems: [problem] };
}

function reportOf(config: Config, outcomes: readonly Settled[], problems: readonly Problem[]): RecoverReport {
  const settled = settledReport(outcomes);
  const isBehind = settled.some(({ behind }) => behind.length > 0);
  const unsettled = worst(settledExit(settled), problems.length > 0 ? EXIT.unreachable : EXIT.clean);
  const exitCode = worst(unsettled, isBehind ? EXIT.pending : EXIT.clean);
  // Who cannot be reached keeps a step in doubt.
  const isOpen = problems.length > 0 || settled.some(({ ending }) => ending === 'in doubt');
  // What was lost is settled; what a veneer or shard lacks since, status tells.
  const otherwise = unsettled !== EXIT.clean ? 'migrate status' : isBehind ? 'migrate up' : null;
  const next = nextCommand({ exitCode: isOpen ? EXIT.inDoubt : EXIT.clean, otherwise });
  return {
    command: 'recover',
    fleet: config.fleet,
    dryRun: false,
    settled,
    problems,
    exitCode,
    next,
    notices: leftOutNotices(config),
  };
}

function refuseUnknown(config: Config, forget: readonly string[]): void {
  const known = [...config.shards, ...config.unlisted].map((shard) => shard.name);
  const unknown = forget.find((member) => !known.includes(member));
  if (unknown === undefined) return;
  throw new VeneerError(`no shard of this fleet is called ${unknown}`, {
    exitCode: EXIT.usage,
    hint: `shards: ${known.join(', ')}`,
  });
}

/** A shard that took part and answers is not lost, and what it holds decides. */
function refuseReachable([member]: readonly string[]): void {
  if (member === undefined) return;
  throw new VeneerError(`${member} answers: it is not lost, and nothing of it is forgotten`, {
    exitCode: EXIT.usage,
    where: { member },
    hint: 'migrate recover, without --forget',
  });
}
