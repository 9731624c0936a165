import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import type { Session } from '../../postgres/session.js';
import type { MaskedStatement } from '../../veneer/servers.js';
import type { Job } from '../step/attempt.js';
import type { Budget } from '../lane/budget.js';
import { gather, type Aligned, type GroupWork } from '../group/gather.js';
import { OTHER, tagged, type VeneerStatement } from '../group/veneer-statement.js';
import { alignVeneers } from '../align/align-veneers.js';
import { openGroup, type Group, type GroupShard, type GroupVeneer } from '../group/group.js';
import type { Lane } from '../lane/lane.js';
import { refuseForeignReads } from '../step/protocol-choice.js';
import type { ShardDone } from '../group/shard-done.js';
import type { HeldTurns } from '../run/turns.js';
import { hasUnions } from '../align/union-facts.js';
import { beginOnVeneer } from '../align/veneer-work.js';

/** Tenants that come or go in one database. */
export interface TenantPart {
  readonly lane: Lane;
  readonly tenants: readonly TenantConfig[];
}

/** Reads a veneer and says what is to be run there. */
export type VeneerStage = (veneer: Session) => Promise<readonly MaskedStatement[]>;

/** What a step that makes or drops tenants does, besides what every step does. */
export interface TenantWork {
  /** One where tenants are schemas, one per tenant where they are databases. */
  readonly parts: readonly TenantPart[];
  readonly step: string;
  readonly what: 'tenant add' | 'tenant drop';
  /** Locks on the veneers, before the shard is touched: that is the order in which the application takes its locks. */
  readonly first: (part: TenantPart, veneer: GroupVeneer, budget: Budget) => Promise<void>;
  /** All that is done on a shard, in the transaction that it begins and leaves open. */
  readonly onShard: (shard: GroupShard, budget: Budget) => Promise<ShardDone>;
  /** What each veneer needs before its foreign tables are brought in line, and after: a stage sees what those before it did. */
  readonly before: VeneerStage;
  readonly after: readonly VeneerStage[];
  readonly onPhase: Job['onPhase'];
}

/**
 * A step on the databases of tenants and all veneers: a tenant's schema, ledger and foreign tables, and its row on every
 * veneer, commit together or not at all. Each veneer takes part, since each one lists the tenants.
 */
export function tenantJob(work: TenantWork): Job {
  const { parts, step, what, onPhase } = work;
  let secret = false;
  return {
    id: step,
    migration: what,
    crews: parts.map(({ lane }) => lane),
    onPhase,
    work: async (budget, turns) => {
      const { hidesSome, ...done } = await workOnTenants(work, budget, turns);
      secret = hidesSome;
      return done;
    },
    approve: async (protocol) => {
      if (protocol !== 'lock-step') return;
      if (secret) throw notReplayable(what);
      for (const { lane } of parts) await refuseForeignReads(await lane.session(lane.shard.name));
    },
    failures: async (problem) => (problem.where?.tenant === undefined ? [] : [problem]),
  };
}

/** In lock-step the journal keeps what a veneer is to run, as it is run, and no password is kept by us. */
const notReplayable = (what: string): VeneerError =>
  new VeneerError(`${what} makes user mappings with passwords, which cannot be done in lock-step`, {
    exitCode: EXIT.failed,
    hint: 'where max_prepared_transactions is 0, or a migration cannot be prepared: CREATE DATABASE, list the tenant, then migrate setup and migrate up',
  });

async function workOnTenants(
  work: TenantWork,
  budget: Budget,
  turns: HeldTurns,
): Promise<GroupWork & { readonly hidesSome: boolean }> {
  const group = await groupOf(work);
  const [lane] = work.parts.map((part) => part.lane);
  if (lane === undefined) throw new Error('a group has a shard');
  for (const veneer of group.veneers) {
    if (hasUnions(lane.run.config)) await turns.take(veneer.name);
    for (const part of work.parts) await work.first(part, veneer, budget);
  }
  const done: ShardDone[] = [];
  for (const shard of group.shards) done.push(await work.onShard(shard, budget));
  const before = await onVeneers(lane, group, budget, [work.before]);
  const { aligned, writes } = await alignVeneers(group, done, budget, turns);
  const after = await onVeneers(lane, group, budget, work.after);
  const whole = aligned.map((one) => around(one, group.shards, before, after));
  const ran = [before, after].flatMap((map) => [...map.values()].flat());
  const hidesSome = ran.some(({ sql, shown }) => sql !== shown);
  return { ...(await gather(done, whole)), writes, hidesSome };
}

type Ran = ReadonlyMap<string, readonly MaskedStatement[]>;

/** With what was run on the veneer before its foreign tables, told of the first shard, and after them, of the last. */
function around(one: Aligned, shards: readonly GroupShard[], before: Ran, after: Ran): Aligned {
  const shownOf = (ran: Ran): VeneerStatement[] =>
    tagged(
      OTHER,
      (ran.get(one.veneer.name) ?? []).map(({ shown }) => shown),
    );
  const statements = shards.map(({ name }, index): [string, readonly VeneerStatement[]] => {
    const own = one.statements.get(name) ?? [];
    const [first, last] = [index === 0, index === shards.length - 1];
    return [name, [...(first ? shownOf(before) : []), ...own, ...(last ? shownOf(after) : [])]];
  });
  return { ...one, takesPart: true, statements: new Map(statements) };
}

const groupOf = ({ parts, what, onPhase }: TenantWork): Promise<Group> =>
  openGroup(
    parts.map(({ lane, tenants }) => ({
      lane,
      planned: { migration: named(what), direction: 'up', tenants },
      onPhase: (phase, _done, why) => onPhase(phase, why),
    })),
  );

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
  lane: Lane,
  { veneers }: Group,
  budget: Budget,
  stages: readonly VeneerStage[],
): Promise<Ran> {
  const ran = new Map<string, readonly MaskedStatement[]>();
  for (const { name, session } of veneers) {
    await beginOnVeneer(lane, session, budget);
    for (const stage of stages) {
      const statements = await stage(session);
      if (statements.length > 0)
        await session.run([...budget.limits(session), ...statements.map(({ sql }) => sql)].join(';\n'));
      ran.set(name, [...(ran.get(name) ?? []), ...statements]);
    }
  }
  return ran;
}
