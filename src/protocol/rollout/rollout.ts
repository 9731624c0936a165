import { isMesh } from '../../fleet/member.js';
import type { Migration } from '../../migrations/migration.js';
import type { Plan, ShardPlan } from '../../migrations/plan/plan.js';
import { forecastAffected } from './forecast.js';
import { stagesOf } from '../../migrations/plan/stages.js';
import type { Session } from '../../postgres/session.js';
import type { Apart } from './apart.js';
import type { EndedStep } from '../history/history-rows.js';
import { fitPlan } from './fit.js';
import { isThrough, laneEnd, startRecord, type LaneEnd, type LaneRecord } from './lane-end.js';
import type { Rollout } from './planned-step.js';
import { rollApart } from './roll-apart.js';
import { rollTogether } from './roll-together.js';
import { refuseTooMany } from './room.js';
import { anchorOf, type Run } from '../run/run.js';
import { stopOf } from '../step/step.js';
import { notStarted, runVeneerStep, type VeneerStepEnd } from './veneer-step.js';

/** How a rollout is gone through, and who is told. */
export interface RolloutOptions {
  /** End after the canary shards. */
  readonly canaryOnly: boolean;
  /** Each migration is one step over all shards. */
  readonly together: boolean;
  /** The number of the run's last step before; default: there was none. */
  readonly sequence?: number;
  /** Told of every step that came to an end, whichever it was. */
  readonly onStepEnd?: (step: EndedStep) => void;
}

/** What a rollout came to, shard by shard and veneer step by veneer step, in the plan's order. */
export interface RolloutEnd {
  readonly shards: readonly LaneEnd[];
  readonly veneerSteps: readonly VeneerStepEnd[];
  /** The number of its last step. */
  readonly sequence: number;
}

/**
 * Takes every shard through its steps: canary shards first, through all of theirs, then the others side by side. Each
 * shard goes at its own pace; the first failure stops them all at the next step. Or, `together`, all shards in one step
 * after the other; so it is always where a member is shard and veneer (PROTOCOL section 10). Before a step of the veneers all of them wait for each other; where one did not come through, that step
 * and all that comes after it are not started.
 */
export async function rollOut(run: Run, plan: Plan, options: RolloutOptions): Promise<RolloutEnd> {
  const { onStepEnd = () => undefined, sequence = 0, canaryOnly } = options;
  const together = options.together || isMesh(run.config);
  const endsOnShards = plan.veneerSteps.length === 0;
  const learnt = await forecastAffected(run.config, plan);
  const rollout: Rollout = { run, learnt, endsOnShards, stopped: false, sequence, onStepEnd };
  const { plans, lanes, refuseUnfit } = await fitPlans(run, plan, together);
  const shards: ShardsAtWork = { records: plans.map(startRecord), lanes, refuseUnfit, told: new Set() };
  const veneerSteps = plan.veneerSteps.map(notStarted);
  for (const stage of stagesOf(plan)) {
    if (rollout.stopped || run.signal.aborted) break;
    if (stage.kind === 'shards') {
      await runShards(rollout, shards, stage.migrations, { together, canaryOnly });
      if (!shards.records.every((record) => isThrough(record, stage.migrations))) break;
    } else if (!canaryOnly) {
      const at = plan.veneerSteps.indexOf(stage.step);
      veneerSteps[at] = await runVeneerStep(rollout, stage.step, { index: at + 1, of: veneerSteps.length });
    }
    if (canaryOnly) break;
  }
  for (const record of shards.records) tellEnd(run, shards, record);
  return { shards: shards.records.map(laneEnd), veneerSteps, sequence: rollout.sequence };
}

interface ShardsAtWork {
  readonly records: readonly LaneRecord[];
  /** How many shards at a time. */
  readonly lanes: number;
  /** Throws (exit 20) where there is no room for a step of these shards. */
  readonly refuseUnfit: Apart['refuseUnfit'];
  /** Whose end was told. */
  readonly told: Set<LaneRecord>;
}

async function runShards(
  rollout: Rollout,
  shards: ShardsAtWork,
  migrations: ReadonlySet<Migration>,
  { canaryOnly, together }: Pick<RolloutOptions, 'canaryOnly' | 'together'>,
): Promise<void> {
  const { records, lanes, refuseUnfit } = shards;
  if (together) return rollTogether(rollout, records, migrations);
  const onOver = (record: LaneRecord): void =>
    isOver(record) ? tellEnd(rollout.run, shards, record) : undefined;
  await rollApart(rollout, records, migrations, { lanes, canaryOnly, refuseUnfit, onOver });
}

/** Nothing is left to do on the shard, or nothing more will be done. */
const isOver = ({ ends, problem }: LaneRecord): boolean =>
  problem !== null ||
  ends.every((end) => end !== null) ||
  ends.some((end) => end !== null && stopOf(end) !== null);

function tellEnd(run: Run, { told }: ShardsAtWork, record: LaneRecord): void {
  if (told.has(record)) return;
  told.add(record);
  const { shard, state } = laneEnd(record);
  const ms = record.began === null ? 0 : Math.round(performance.now() - record.began);
  run.onProgress({ type: 'shard ended', shard, state, ms });
}

/** Cuts a plan to what the servers have room for, and says so where that changes it. Throws (exit 20) where it is not even begun. */
async function fitPlans(
  run: Run,
  plan: Plan,
  together: boolean,
): Promise<{ readonly plans: readonly ShardPlan[] } & Pick<ShardsAtWork, 'lanes' | 'refuseUnfit'>> {
  if (plan.shards.every(({ steps }) => steps.length === 0))
    return { plans: plan.shards, lanes: 1, refuseUnfit: () => undefined };
  const sessionOf = (member: string): Session => anchorOf(run, member);
  const fit = await fitPlan(run.config, plan, { together, protocol: run.protocol, sessionOf });
  const { plans, lanes, wanted, rooms, prepares } = fit;
  for (const text of fit.notices) run.onProgress({ type: 'notice', text });
  if (fit.refusal !== null) throw fit.refusal;
  if (lanes < wanted)
    run.onProgress({ type: 'notice', text: `${lanes} shards at a time: the servers have room for no more` });
  const refuseUnfit = (members: readonly string[]): void =>
    refuseTooMany(
      rooms.filter(({ member, role }) => role !== 'shard' || members.includes(member)),
      prepares,
    );
  return { plans, lanes, refuseUnfit };
}
