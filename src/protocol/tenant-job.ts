import type { TenantConfig } from '../config/config.js';
import type { Migration } from '../migrations/migration.js';
import type { Session } from '../postgres/session.js';
import type { Job } from './attempt.js';
import type { Budget } from './budget.js';
import { gather, type Aligned, type GroupWork } from './gather.js';
import { alignVeneers } from './align-veneers.js';
import { openGroup, type Group, type GroupShard, type GroupVeneer } from './group.js';
import type { Lane } from './lane.js';
import { refuseForeignReads } from './protocol-choice.js';
import type { ShardDone } from './shard-done.js';
import type { HeldTurns } from './turns.js';
import { hasUnions } from './union-facts.js';
import { beginOnVeneer } from './veneer-work.js';

/** What a step that makes or drops tenants does, besides what every step does. */
export interface TenantWork {
  readonly lane: Lane;
  readonly step: string;
  readonly what: 'tenant add' | 'tenant drop';
  readonly tenants: readonly TenantConfig[];
  /** Locks on the veneers, before the shard is touched: that is the order in which the application takes its locks. */
  readonly first: (veneer: GroupVeneer, budget: Budget) => Promise<void>;
  /** All that is done on the shard, in the transaction that it begins and leaves open. */
  readonly onShard: (shard: GroupShard, budget: Budget) => Promise<ShardDone>;
  /** What each veneer needs before its foreign tables are brought in line, and after. */
  readonly before: (veneer: Session) => Promise<readonly string[]>;
  readonly after: (veneer: Session) => Promise<readonly string[]>;
  readonly onPhase: Job['onPhase'];
}

/**
 * A step on one shard and all veneers: a tenant's schema, ledger and foreign tables, and its row on every veneer,
 * commit together or not at all. Each veneer takes part, since each one lists the tenants.
 */
export const tenantJob = (work: TenantWork): Job => ({
  id: work.step,
  migration: work.what,
  crews: [work.lane],
  onPhase: work.onPhase,
  work: (budget, turns) => workOnTenants(work, budget, turns),
  approve: async (protocol) => {
    const { lane } = work;
    if (protocol === 'lock-step') await refuseForeignReads(await lane.session(lane.shard.name));
  },
  failures: async (problem) => (problem.where?.tenant === undefined ? [] : [problem]),
});

async function workOnTenants(work: TenantWork, budget: Budget, turns: HeldTurns): Promise<GroupWork> {
  const group = await groupOf(work);
  const [shard] = group.shards;
  if (shard === undefined) throw new Error('a group has a shard');
  for (const veneer of group.veneers) {
    if (hasUnions(work.lane.run.config)) await turns.take(veneer.name);
    await work.first(veneer, budget);
  }
  const done = await work.onShard(shard, budget);
  const before = await onVeneers(work, group, budget, work.before);
  const { aligned, writes } = await alignVeneers(group, [done], budget, turns);
  const after = await onVeneers(work, group, budget, work.after);
  const whole = aligned.map((one): Aligned => {
    const own = one.statements.get(shard.name) ?? [];
    const all = [...(before.get(one.veneer.name) ?? []), ...own, ...(after.get(one.veneer.name) ?? [])];
    return { ...one, takesPart: true, statements: new Map([[shard.name, all]]) };
  });
  return { ...(await gather([done], whole)), writes };
}

const groupOf = ({ lane, what, tenants, onPhase }: TenantWork): Promise<Group> =>
  openGroup([
    {
      lane,
      planned: { migration: named(what), direction: 'up', tenants },
      onPhase: (phase, _done, why) => onPhase(phase, why),
    },
  ]);

/** Stands for all that the step runs where a step has one migration. */
const named = (name: string): Migration => ({
  name,
  scope: 'tenant',
  file: '',
  checksum: '',
  body: { kind: 'static', statements: [] },
  transaction: 'step',
  notices: [],
});

/** Veneer after veneer, in the order of their names. Answers what each one ran. */
async function onVeneers(
  { lane }: TenantWork,
  { veneers }: Group,
  budget: Budget,
  statementsFor: TenantWork['before'],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const ran = new Map<string, readonly string[]>();
  for (const { name, session } of veneers) {
    await beginOnVeneer(lane, session, budget);
    const statements = await statementsFor(session);
    if (statements.length > 0) await session.run([budget.limits(session), ...statements].join(';\n'));
    ran.set(name, statements);
  }
  return ran;
}
