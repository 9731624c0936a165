import * as fc from 'fast-check';
import { OPS, type Op } from './fuzz-model.js';

/** A short life of a fleet: rounds of migrations, each applied by a runner that something happens to. */
export interface Schedule {
  readonly rollout: {
    readonly concurrency: number;
    readonly batch: number | 'auto';
    readonly on_error: 'stop' | 'continue' | 'skip-tenant';
    readonly canary: boolean;
  };
  readonly rounds: readonly Round[];
}

export interface Round {
  readonly migrations: readonly NewMigration[];
  /** DDL by hand, before the runner starts. */
  readonly byHand: readonly ByHand[];
  /** Which tenant is in trouble, so that some migrations fail in it; null: none. */
  readonly trouble: number | null;
  readonly up: DisturbedUp;
  readonly afterwards: 'nothing' | 'recover' | 'sync' | 'status';
}

export type NewMigration =
  | { readonly kind: 'in a transaction'; readonly ops: readonly Op[] }
  /** CREATE INDEX CONCURRENTLY. */
  | { readonly kind: 'without one'; readonly table: number };

export interface ByHand {
  readonly kind: 'add column' | 'create table' | 'drop foreign table' | 'add foreign column';
  readonly tenant: number;
  readonly table: number;
}

export interface DisturbedUp {
  readonly runner: 'child' | 'in process';
  readonly protocol: 'auto' | 'two-phase' | 'lock-step';
  readonly atomic: boolean;
  /** A child only: dies at this point. */
  readonly crashAt: string | null;
  readonly disturbances: readonly Disturbance[];
}

export interface Disturbance {
  /** When the runner has come to so many points, or to this one (`before intent#2`: for the second time). */
  readonly when: number | string;
  readonly what: What;
}

export type What =
  /** Ends one of the runner's sessions on a member, or all; `meanwhile`: the runner does not wait for that. */
  | {
      readonly kind: 'cut';
      readonly member: number;
      readonly session: number | 'all';
      readonly meanwhile: boolean;
    }
  /** A server's process behind one of the runner's sessions hangs for so long, and then does what it was asked to. */
  | { readonly kind: 'freeze'; readonly member: number; readonly session: number; readonly ms: number }
  /** An application session holds a lock until so many further points were reached. */
  | { readonly kind: 'hold'; readonly member: number; readonly table: number; readonly points: number }
  /** Ctrl-C. */
  | { readonly kind: 'stop' }
  /** A child only: SIGKILL, a little after the point. */
  | { readonly kind: 'kill'; readonly lateMs: number }
  /** A child only: it hangs, loses these sessions perhaps, another runner tries, and it wakes up. */
  | { readonly kind: 'pause'; readonly cut: 'nothing' | 'the veneer' | 'everything' }
  /** Servers of our own only: SIGKILL of a postmaster, which comes back at once or after the run. */
  | { readonly kind: 'kill server'; readonly member: number; readonly back: 'at once' | 'after the run' };

export interface Kinds {
  /** The servers are the schedule's own, and may be killed. */
  readonly ownServers: boolean;
}

const small = fc.nat({ max: 9 });

const op: fc.Arbitrary<Op> = fc.record({
  kind: fc.constantFrom(...OPS),
  table: small,
  column: small,
  pick: small,
});

const migration: fc.Arbitrary<NewMigration> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('in a transaction' as const),
      ops: fc.array(op, { minLength: 1, maxLength: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('without one' as const), table: small }) },
);

const byHand: fc.Arbitrary<ByHand> = fc.record({
  kind: fc.constantFrom('add column', 'create table', 'drop foreign table', 'add foreign column'),
  tenant: small,
  table: small,
});

const MEMBERS = ['veneer', 'shard1', 'shard2', 'shard3'] as const;
const TENANTS = ['bluth_co', 'cyberdyne', 'dunder_mifflin', 'initech'] as const;

/** Where an attempt is decided: what happens here tells most. */
const DECIDING: readonly Place[] = [
  { name: 'intent', of: [] },
  { name: 'prepare', of: MEMBERS },
  { name: 'commit prepared', of: MEMBERS },
  { name: 'commit', of: MEMBERS },
  { name: 'close', of: [] },
];

const OTHERS: readonly Place[] = [
  { name: 'begin', of: MEMBERS },
  { name: 'statements', of: [...MEMBERS, ...TENANTS] },
  { name: 'evidence', of: MEMBERS },
  { name: 'rollback prepared', of: MEMBERS },
  { name: 'replay', of: ['veneer'] },
  { name: 'running', of: TENANTS },
  { name: 'statement', of: TENANTS },
  { name: 'applied', of: TENANTS },
];

/** A named point of the protocol, with the members or tenants at which it can be. */
interface Place {
  readonly name: string;
  readonly of: readonly string[];
}

const namedPoint: fc.Arbitrary<string> = fc
  .record({
    when: fc.constantFrom('before', 'after'),
    place: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom(...DECIDING) },
      { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
    ),
    which: fc.nat({ max: 99 }),
    time: fc.constantFrom(1, 1, 1, 2, 2, 3),
  })
  .map(({ when, place: { name, of }, which, time }) => {
    const where = of.length === 0 ? '' : `:${of[which % of.length]}`;
    return `${when} ${name}${where}#${time}`;
  });

const session = fc.oneof(
  { weight: 3, arbitrary: small },
  { weight: 1, arbitrary: fc.constant('all' as const) },
);

const cut = fc.record({ kind: fc.constant('cut' as const), member: small, session, meanwhile: fc.boolean() });

const common = [
  cut,
  cut,
  fc.record({
    kind: fc.constant('hold' as const),
    member: small,
    table: small,
    points: fc.integer({ min: 1, max: 12 }),
  }),
  fc.record({
    kind: fc.constant('freeze' as const),
    member: small,
    session: small,
    ms: fc.integer({ min: 20, max: 1_500 }),
  }),
  fc.record({ kind: fc.constant('stop' as const) }),
] as const;

const serverKill = fc.record({
  kind: fc.constant('kill server' as const),
  member: small,
  back: fc.constantFrom('at once' as const, 'after the run' as const),
});

const ofChildren = [
  fc.record({ kind: fc.constant('kill' as const), lateMs: fc.nat({ max: 20 }) }),
  fc.record({
    kind: fc.constant('pause' as const),
    cut: fc.constantFrom('nothing' as const, 'the veneer' as const, 'everything' as const),
  }),
] as const;

function disturbances(what: fc.Arbitrary<What>, min: number): fc.Arbitrary<Disturbance[]> {
  const when = fc.oneof(fc.integer({ min: 1, max: 60 }), namedPoint);
  return fc.array(fc.record({ when, what }), { minLength: min, maxLength: 3 });
}

const manner = {
  protocol: fc.constantFrom('auto' as const, 'auto' as const, 'two-phase' as const, 'lock-step' as const),
  atomic: fc.boolean(),
};

function disturbedUp({ ownServers }: Kinds): fc.Arbitrary<DisturbedUp> {
  const both: readonly fc.Arbitrary<What>[] = ownServers ? [...common, serverKill, serverKill] : common;
  return fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({
        ...manner,
        runner: fc.constant('in process' as const),
        crashAt: fc.constant(null),
        disturbances: disturbances(fc.oneof(...both), 0),
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({
        ...manner,
        runner: fc.constant('child' as const),
        crashAt: namedPoint,
        disturbances: disturbances(fc.oneof(...both), 0),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        ...manner,
        runner: fc.constant('child' as const),
        crashAt: fc.constant(null),
        disturbances: disturbances(fc.oneof(...both, ...ofChildren, ...ofChildren), 1),
      }),
    },
  );
}

/** Schedules of two to four rounds. */
export function schedules(kinds: Kinds): fc.Arbitrary<Schedule> {
  const round: fc.Arbitrary<Round> = fc.record({
    migrations: fc.array(migration, { minLength: 1, maxLength: 3 }),
    byHand: fc.oneof({ weight: 3, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: fc.array(byHand, { maxLength: 2 }) }), // prettier-ignore
    trouble: fc.option(small, { freq: 2 }),
    up: disturbedUp(kinds),
    afterwards: fc.constantFrom('nothing' as const, 'nothing' as const, 'recover' as const, 'sync' as const, 'status' as const), // prettier-ignore
  });
  return fc.record({
    rollout: fc.record({
      concurrency: fc.constantFrom(1, 2, 4),
      batch: fc.constantFrom(1, 'auto' as const),
      on_error: fc.constantFrom('stop' as const, 'continue' as const, 'skip-tenant' as const),
      canary: fc.boolean(),
    }),
    rounds: fc.array(round, { minLength: 2, maxLength: 4 }),
  });
}
