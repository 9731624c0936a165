import { groupBy } from '../../group-by.js';
import { display } from '../../postgres/identifiers.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, problemOf, textOf, worst, type ExitCode, type Problem } from '../../errors.js';
import { selectShards, type Selection } from '../../fleet/selection.js';
import { type ProtocolChoice } from '../../protocol/run/journal.js';
import { hasTable } from '../../postgres/state-tables.js';
import { notSetUp } from '../../migrations/ledger/ledger.js';
import { withLane, type Lane } from '../../protocol/lane/lane.js';
import { syncRow } from '../../protocol/history/history-rows.js';
import { anchorOf } from '../../protocol/run/run.js';
import {
  leftOn,
  syncShard,
  syncStepName,
  type LeftOnVeneer,
  type SyncEnd,
} from '../../protocol/sync/sync-step.js';
import { readRepairs, readWanted, repairStatements, type SyncScope } from '../../protocol/sync/sync-work.js';
import { readUnionFacts } from '../../protocol/align/union-facts.js';
import { unionStatements } from '../../veneer/unions.js';
import { backoff } from '../../protocol/lane/backoff.js';
import { inDoubtHint, lostProblem, problemFor, worthRetrying } from '../../protocol/step/step.js';
import { forgetAttempts } from '../../protocol/step/commit.js';
import { nextCommand } from '../../report/next-command.js';
import type { SyncReport, SyncVeneer } from '../../report/reports.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import type { CommandContext } from '../common/context.js';
import { withReaders, type Readers } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { settledExit } from '../common/settled.js';

export interface SyncOptions extends Selection {
  readonly dryRun: boolean;
  /** Drop foreign tables on our servers that no expose rule names, and types in tenants' schemas that nothing is made of, too. */
  readonly prune: boolean;
  /** Default: auto. */
  readonly protocol?: ProtocolChoice;
}

/** What was done, or is to be done, for one shard on the veneers. */
interface ShardResult {
  readonly statements: Readonly<Record<string, readonly string[]>>;
  readonly problem: Problem | null;
  readonly left?: readonly LeftOnVeneer[];
  /** Veneers that lost their part of what the others have committed. */
  readonly lost?: readonly string[];
}

/** Makes the veneers equal to the shards, in place. Touches no shard; `dryRun` only reads. */
export async function sync(
  config: Config,
  options: SyncOptions,
  context: CommandContext,
): Promise<SyncReport> {
  const shards = selectShards(config, options);
  if (options.dryRun) {
    const results = await withReaders(config, context, (readers) =>
      planAll(config, shards, options, readers),
    );
    return syncReport(config, options, results, []);
  }
  const { protocol = 'auto' } = options;
  return withRecordedRun(config, { ...context, command: 'sync', protocol }, async (run) => {
    for (const veneer of config.veneers) {
      if (!(await hasTable(anchorOf(run, veneer.name), 'step'))) throw notSetUp(veneer.name);
    }
    const settled = await settleFirst(run);
    const results: ShardResult[] = [];
    for (const shard of shards) results.push(await recordedRepair(run, shard, options));
    return syncReport(config, options, results, settled);
  });
}

/** A shard that the veneers were in line with is no step. */
async function recordedRepair(
  run: RecordedRun,
  shard: ShardConfig,
  options: SyncOptions,
): Promise<ShardResult> {
  const start = performance.now();
  const result = await repair(run, shard, options);
  const { statements, problem } = result;
  if (problem === null && Object.keys(statements).length === 0) return result;
  const ms = Math.round(performance.now() - start);
  run.history.add(syncRow({ id: syncStepName({ run, shard }), shard: shard.name, statements, problem, ms }));
  return result;
}

async function repair(run: RecordedRun, shard: ShardConfig, { prune }: SyncOptions): Promise<ShardResult> {
  try {
    const others = run.config.shards
      .filter(({ name }) => name !== shard.name && run.anchors.has(name))
      .map((other) => ({ shard: other, session: anchorOf(run, other.name) }));
    const scope = { config: run.config, shard, prune, others };
    return await withLane(run, shard, new Map(), (lane) => repairOn(lane, scope));
  } catch (error) {
    return { statements: {}, problem: problemOf(error) };
  }
}

/** Attempts at one shard's repair until it commits, fails for good, or may not be tried again. */
async function repairOn(lane: Lane, scope: SyncScope): Promise<ShardResult> {
  const { retries } = lane.run.config.rollout;
  for (let attempts = 1; ; attempts++) {
    try {
      const end = await syncShard(lane, scope);
      await forgetAttempts(lane);
      return resultOf(lane, end);
    } catch (error) {
      if (!worthRetrying(error) || attempts > retries)
        return { statements: {}, problem: problemFor([lane], error, attempts) };
    }
    await backoff(attempts, lane.run.signal);
  }
}

function resultOf({ run }: Lane, { ending, cause, statements, left }: SyncEnd): ShardResult {
  switch (ending?.kind) {
    case undefined:
      return { statements, problem: null, left };
    case 'committed': {
      const { lost } = ending;
      if (lost.length === 0) return { statements, problem: null, left };
      const kept = Object.entries(statements).filter(([veneer]) => !lost.includes(veneer));
      return { statements: Object.fromEntries(kept), problem: lostProblem(lost), lost };
    }
    case 'rolled back':
      return { statements: {}, problem: problemOf(cause) };
    case 'in doubt':
      return {
        statements: {},
        problem: {
          message: `in doubt: ${ending.why}`,
          detail: textOf(cause),
          exitCode: EXIT.inDoubt,
          hint: ending.hint ?? inDoubtHint(run),
        },
      };
  }
}

async function planAll(
  config: Config,
  shards: readonly ShardConfig[],
  { prune }: SyncOptions,
  readers: Readers,
): Promise<ShardResult[]> {
  const shardResults = await Promise.all(
    shards.map(async (shard): Promise<ShardResult> => {
      const others = config.shards
        .filter(({ name }) => name !== shard.name && !readers.unreachable.has(name))
        .map((other) => ({ shard: other, session: readers.sessionOf(other.name) }));
      const scope = { config, shard, prune, others };
      const wanted = await readWanted(readers.sessionOf(shard.name), scope);
      const statements: Record<string, readonly string[]> = {};
      const left: LeftOnVeneer[] = [];
      for (const { name } of config.veneers.filter((veneer) => veneer.name !== shard.name)) {
        const repairs = await readRepairs(readers.sessionOf(name), scope, wanted);
        statements[name] = repairStatements(config, repairs);
        left.push(...leftOn(name, repairs));
      }
      return { statements, problem: null, left };
    }),
  );
  return [...shardResults, { statements: await unionStatementsOn(config, readers), problem: null }];
}

/** By veneer: views over all tenants, as far as they are amiss over the tables that are there now. */
async function unionStatementsOn(
  config: Config,
  readers: Readers,
): Promise<Readonly<Record<string, readonly string[]>>> {
  const entries = config.veneers.map(async ({ name }) => {
    const facts = await readUnionFacts(config, readers.sessionOf(name));
    return [name, unionStatements(facts)] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function syncReport(
  config: Config,
  { dryRun, prune }: SyncOptions,
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
