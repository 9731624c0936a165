import type { Config, ShardConfig } from '../../config/config.js';
import { problemOf } from '../../errors.js';
import { selectShards, type Selection } from '../../fleet/selection.js';
import { type ProtocolChoice } from '../../protocol/run/journal.js';
import { hasTable } from '../../postgres/state-tables.js';
import { notSetUp } from '../../migrations/ledger/ledger.js';
import { withLane } from '../../protocol/lane/lane.js';
import { syncRow } from '../../protocol/history/history-rows.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { LeftOnVeneer } from '../../protocol/sync/repair-veneers.js';
import { syncJob, syncStepName, type SyncOfShard } from '../../protocol/sync/sync-job.js';
import { planSync } from './plan-sync.js';
import type { OtherShard } from '../../protocol/sync/sync-work.js';
import { syncReport, type ShardResult } from './sync-report.js';
import { runStep, type StepEnd } from '../../protocol/step/step.js';
import { forgetAttempts } from '../../protocol/step/commit.js';
import type { SyncReport } from '../../report/reports.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';

export interface SyncOptions extends Selection {
  readonly dryRun: boolean;
  /** Drop foreign tables on our servers that no expose rule names, and types in tenants' schemas that nothing is made of, too. */
  readonly prune: boolean;
  /** Default: auto. */
  readonly protocol?: ProtocolChoice;
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
      planSync(config, shards, options.prune, readers),
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
  const others = (): Promise<readonly OtherShard[]> => othersOf(run, shard);
  let left: readonly LeftOnVeneer[] = [];
  const onLeft: SyncOfShard['onLeft'] = (found) => void (left = found);
  try {
    return await withLane(run, shard, new Map(), async (lane) => {
      const end = await runStep(run, syncJob(lane, { config: run.config, shard, prune, others, onLeft }));
      await forgetAttempts(lane);
      return resultOf(shard, end, left);
    });
  } catch (error) {
    return { statements: {}, problem: problemOf(error) };
  }
}

/** Those that were there when the run began; an anchor that was lost since is won back. */
const othersOf = (run: RecordedRun, { name: own }: ShardConfig): Promise<readonly OtherShard[]> =>
  Promise.all(
    run.config.shards
      .filter(({ name }) => name !== own && run.anchors.has(name))
      .map(async (shard) => {
        const anchor = run.anchors.get(shard.name);
        const session = anchor?.isLost() === true ? await run.live(shard.name) : anchorOf(run, shard.name);
        return { shard, session };
      }),
  );

function resultOf(shard: ShardConfig, end: StepEnd, left: readonly LeftOnVeneer[]): ShardResult {
  if (end.kind === 'committed')
    return { statements: end.result.statements.get(shard.name) ?? {}, problem: null, left };
  const { problem } = end;
  const ending = end.uneven?.ending;
  if (ending?.kind !== 'committed') return { statements: {}, problem };
  const { lost } = ending;
  const all = Object.entries(end.uneven?.statements.get(shard.name) ?? {});
  return { statements: Object.fromEntries(all.filter(([veneer]) => !lost.includes(veneer))), problem, lost };
}
