import { roleOf } from '../fleet/member.js';
import type { Plan, ShardPlan } from '../migrations/plan.js';
import { inParallel } from '../parallel.js';
import { inBatches, lanesThatFit, readCapacity, type Capacity } from './capacity.js';
import type { EndedStep } from './history-rows.js';
import type { LaneEnd } from './lane-end.js';
import type { Rollout } from './planned-step.js';
import { runLane } from './roll-apart.js';
import { rollTogether } from './roll-together.js';
import { anchorOf, type Run } from './run.js';

export interface RolloutOptions {
  /** End after the canary shards. */
  readonly canaryOnly: boolean;
  /** Each migration is one step over all shards. */
  readonly together: boolean;
  /** Told of every step that came to an end, whichever it was. */
  readonly onStepEnd?: (step: EndedStep) => void;
}

/**
 * Takes every shard through its pending steps: canary shards first, through all of theirs, then the others side by
 * side. Each shard goes at its own pace; the first failure stops them all at the next step. Or, `together`, all
 * shards in one step after the other; so it is always where a member is shard and veneer (PROTOCOL section 10).
 */
export async function rollOut(run: Run, plan: Plan, options: RolloutOptions): Promise<LaneEnd[]> {
  const { canaryOnly, together, onStepEnd = () => undefined } = options;
  const rollout: Rollout = { run, learnt: new Map(), stopped: false, sequence: 0, onStepEnd };
  if (together || run.config.veneers.some(({ name }) => roleOf(run.config, name) === 'shard+veneer'))
    return rollTogether(rollout, plan.shards);
  const isCanary = ({ shard }: ShardPlan): boolean => run.config.rollout.canary.includes(shard.name);
  const { plans, lanes } = await fitPlans(run, plan);
  const lane = (shardPlan: ShardPlan): Promise<LaneEnd> => runLane(rollout, shardPlan);
  const canaries = await inParallel(plans.filter(isCanary), lanes, lane);
  if (canaryOnly) rollout.stopped = true;
  const others = plans.filter((shardPlan) => !isCanary(shardPlan));
  const ends = [...canaries, ...(await inParallel(others, lanes, lane))];
  const byShard = new Map(ends.map((end) => [end.shard, end]));
  return plan.shards.flatMap(({ shard }) => byShard.get(shard.name) ?? []);
}

/** Cuts a plan to what the servers have room for, and says so where that changes it. */
async function fitPlans(
  run: Run,
  plan: Plan,
): Promise<{ readonly plans: readonly ShardPlan[]; readonly lanes: number }> {
  const { concurrency, batch } = run.config.rollout;
  const busy = plan.shards.filter(({ steps }) => steps.length > 0);
  if (busy.length === 0) return { plans: plan.shards, lanes: 1 };
  const capacities = new Map<string, Capacity>();
  const members = new Set([...run.config.veneers, ...busy.map(({ shard }) => shard)].map(({ name }) => name));
  await Promise.all(
    [...members].map(async (name) => void capacities.set(name, await readCapacity(anchorOf(run, name)))),
  );
  const veneers = new Map(
    [...capacities].filter(([name]) => run.config.veneers.some((veneer) => veneer.name === name)),
  );
  const prepares = run.protocol !== 'lock-step' && [...veneers.keys()].every((name) => canPrepare(run, name));
  const wanted = Math.min(concurrency, busy.length);
  const lanes = lanesThatFit(wanted, veneers, prepares);
  if (lanes < wanted)
    run.onProgress({ type: 'notice', text: `${lanes} shards at a time: the veneers have room for no more` });
  const plans = plan.shards.map((shardPlan) => {
    const own = capacities.get(shardPlan.shard.name);
    return inBatches(shardPlan, batch, [...veneers.values(), ...(own === undefined ? [] : [own])], lanes);
  });
  return { plans, lanes };
}

const canPrepare = (run: Run, member: string): boolean =>
  anchorOf(run, member).server.maxPreparedTransactions > 0;
