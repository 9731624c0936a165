import path from 'node:path';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, textOf, worst, type ExitCode } from '../../errors.js';
import { isMesh } from '../../fleet/member.js';
import { reachOf, selectShards, type Selection } from '../../fleet/selection.js';
import { readPastSteps, type PastStep } from '../../migrations/ledger/durations.js';
import { loadMigrations } from '../../migrations/load/load.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import {
  interruptedText,
  makePlan,
  waitingText,
  type Plan,
  type ShardPlan,
} from '../../migrations/plan/plan.js';
import { fitPlan } from '../../protocol/rollout/fit.js';
import { nextCommand } from '../../report/next-command.js';
import type { PlanBatch, PlanCapacity, PlanMigration, PlanReport, PlanShard } from '../../report/plan.js';
import type { CommandContext } from '../common/context.js';
import { readLedgers } from '../common/ledgers.js';
import { lockStepNotices } from '../common/lock-step-notice.js';
import { longStepNotices } from './long-steps.js';
import { missingFor } from './missing-for.js';
import { writePlanFiles } from './plan-files.js';
import { planGroups, planMigrations } from './plan-migrations.js';
import { withReaders, type Readers } from '../common/readers.js';

export interface PlanOptions extends Selection {
  /** `pending`: exit code 10 where anything is pending. */
  readonly exitCode: 'done' | 'pending';
  /** A folder for SQL files; null: none are written. */
  readonly sqlFiles: string | null;
}

/**
 * What `up` would do, and what that does to those who use the tables meanwhile: migrations × ledger, statements, locks,
 * rewrites, batches that fit the servers, and how long the same took elsewhere. Reads only, takes no lock of the fleet,
 * works on a fleet that was never set up.
 */
export async function plan(
  config: Config,
  options: PlanOptions,
  context: CommandContext,
): Promise<PlanReport> {
  const migrations = await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) });
  const shards = selectShards(config, options);
  return withReaders(config, context, async (readers) => {
    const planned = await decide(config, { migrations, shards, readers });
    const past = await pastOf(planned.order, [...shards, ...config.veneers], readers);
    const { fitted, batches, capacity, notices } = await fit(config, planned, readers);
    const described = forecasting(config, await planMigrations(planned, past));
    const planShards = fitted.map((shard) => shardOf(shard, described));
    const missing = await missingFor(config, planned, readers.sessionOf);
    const files =
      options.sqlFiles === null ? [] : await writePlanFiles(options.sqlFiles, described, planShards);
    const exitCode = exitOf(planned, options);
    return {
      command: 'plan',
      fleet: config.fleet,
      migrations: described,
      groups: planGroups(planned),
      shards: planShards,
      batches,
      capacity,
      files,
      problems: planned.problems,
      notices: [
        ...planned.interrupted.map((one) => interruptedText(one, 'none')),
        ...planned.waiting.map(waitingText),
        ...missing.map(({ message }) => message),
        ...lockStepNotices(config, (member) => readers.sessions.get(member)),
        ...longStepNotices(planShards, described, config.rollout),
        ...notices,
      ],
      exitCode,
      next: nextCommand({ exitCode, problems: [...planned.problems, ...missing], otherwise: goOn(planned) }),
    };
  });
}

/** Without a veneer nobody writes through one; and policy.writes may say that nobody wants to know. */
const forecasting = (
  { veneers, policy }: Config,
  migrations: readonly PlanMigration[],
): readonly PlanMigration[] =>
  veneers.length > 0 && policy.writes !== 'allow'
    ? migrations
    : migrations.map((migration) => ({
        ...migration,
        statements: migration.statements?.map((statement) => ({ ...statement, writes: [] })) ?? null,
      }));

interface Given {
  readonly migrations: readonly Migration[];
  readonly shards: readonly ShardConfig[];
  readonly readers: Readers;
}

async function decide(config: Config, { migrations, shards, readers }: Given): Promise<Plan> {
  return makePlan({
    direction: 'up',
    migrations,
    shards,
    veneers: config.veneers,
    reach: reachOf(config, shards),
    ledgers: await readLedgers(config, shards, readers.sessionOf, { absent: 'allow' }),
    outOfOrder: config.policy.outOfOrder,
    limit: { kind: 'all' },
  });
}

/** What the ledgers tell of a migration that some have and others have not: those on canary shards, say. */
async function pastOf(
  order: readonly Migration[],
  members: readonly { readonly name: string }[],
  { sessionOf }: Readers,
): Promise<PastStep[]> {
  const names = [...new Set(members.map(({ name }) => name))];
  return (await Promise.all(names.map((name) => readPastSteps(sessionOf(name), order)))).flat();
}

interface Fitted {
  readonly fitted: readonly ShardPlan[];
  readonly batches: readonly PlanBatch[];
  readonly capacity: PlanCapacity;
  readonly notices: readonly string[];
}

/** As a run would cut it now, with what the servers have free at this moment; one that is full is no reason not to plan. */
async function fit(config: Config, planned: Plan, { sessionOf }: Readers): Promise<Fitted> {
  const together = isMesh(config) || config.rollout.atomic === 'fleet';
  const found = await fitPlan(config, planned, { together, protocol: 'auto', sessionOf });
  const { plans, cuts, lanes, rooms, fdw, refusal } = found;
  const members = rooms.map(({ member, capacity: { locks, freeSlots, freeConnections } }) => ({
    member,
    locks,
    freeSlots,
    freeConnections,
  }));
  return {
    fitted: plans,
    batches: cuts,
    capacity: { lanes, members, fdw },
    notices: [
      ...(refusal === null ? [] : [`migrate up would end at once: ${textOf(refusal)}`]),
      ...found.notices,
    ],
  };
}

function shardOf({ shard, steps }: ShardPlan, migrations: readonly PlanMigration[]): PlanShard {
  const known = new Map(migrations.map((one) => [one.migration, one]));
  const parts = steps.map(({ migration, tenants }) => {
    const { statements = null, msEach = null } = known.get(labelOf(migration)) ?? {};
    const times = Math.max(1, tenants.length);
    return {
      step: { migration: labelOf(migration), tenants: tenants.map(({ name }) => name) },
      statements: statements === null ? null : statements.length * times,
      ms: msEach === null ? null : msEach * times,
    };
  });
  const ms = sum(parts.map((part) => part.ms));
  return {
    shard: shard.name,
    steps: parts.map(({ step }) => step),
    statements: sum(parts.map(({ statements }) => statements)),
    estimateMs: ms === null ? null : Math.round(ms),
  };
}

/** Null where one is. */
const sum = (values: readonly (number | null)[]): number | null =>
  values.reduce((total, value) => (total === null || value === null ? null : total + value), 0);

function exitOf({ order, problems }: Plan, options: PlanOptions): ExitCode {
  const pending = options.exitCode === 'pending' && order.length > 0;
  return worst(...problems.map((problem) => problem.exitCode), pending ? EXIT.pending : EXIT.clean);
}

function goOn({ order, problems }: Plan): string | null {
  if (problems.length > 0) return 'migrate status';
  return order.length === 0 ? null : 'migrate up';
}
