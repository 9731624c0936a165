import type { PolicyConfig, ShardConfig, TenantConfig, VeneerConfig } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import { withBases } from '../load/bases.js';
import { fewOf, mergeProblems } from '../ledger/ledger-problems.js';
import { subjectsOf, type Subject, type SubjectsInput } from '../ledger/ledger-subjects.js';
import { labelOf, type Direction, type Migration } from '../migration.js';
import { appliedTo, downProblems } from './plan-down.js';
import { barriersOf, upStates, type UpState } from './plan-up.js';

/** What is to be done, decided before anything is done. */
export interface Plan {
  readonly direction: Direction;
  /** What runs, in its order, whatever its scope; each step is of one of these. */
  readonly order: readonly Migration[];
  readonly shards: readonly ShardPlan[];
  /** Each one is a barrier: it begins when what comes before it has come to its end on every shard. */
  readonly veneerSteps: readonly VeneerStep[];
  /** Why nothing may be run: edited, missing, out of order. */
  readonly problems: readonly Problem[];
  /** Migrations without a transaction that began and did not come to their end; they are pending. */
  readonly interrupted: readonly InterruptedMigration[];
  /** What is left waiting, since a migration before it is of a scope that the selection leaves out. */
  readonly waiting: readonly WaitingMigration[];
}

/** A migration without a transaction that was cut off half way. */
export interface InterruptedMigration {
  readonly migration: string;
  readonly tenants: readonly string[];
}

/** A migration that is pending and stays so. */
export interface WaitingMigration {
  readonly migration: string;
  /** Which it waits for. */
  readonly for: string;
  /** Tenants, or the shard itself. */
  readonly subjects: readonly string[];
}

/** The steps of one shard, in their order. */
export interface ShardPlan {
  readonly shard: ShardConfig;
  /** Without those of the veneers. */
  readonly steps: readonly PlannedStep[];
}

/** One migration for those tenants of a shard that do not have it yet (down: that have it), or for the shard itself. */
export interface PlannedStep {
  readonly migration: Migration;
  readonly direction: Direction;
  /** None where the migration is the shard's own. */
  readonly tenants: readonly TenantConfig[];
}

/** One migration for those veneers that do not have it yet (down: that have it), in one step. */
export interface VeneerStep {
  readonly migration: Migration;
  readonly direction: Direction;
  readonly veneers: readonly VeneerConfig[];
}

/** What a plan is made of: migrations × ledgers. */
export interface PlanInput extends SubjectsInput {
  readonly direction: Direction;
  /** In their order, of all scopes. */
  readonly migrations: readonly Migration[];
  readonly outOfOrder: PolicyConfig['outOfOrder'];
  readonly limit: PlanLimit;
}

/**
 * How far to go, counted in the migrations that are pending (down: applied) anywhere in the selection. `to` is up to
 * and including a migration; down to it, and it stays.
 */
export type PlanLimit =
  | { readonly kind: 'all' }
  | { readonly kind: 'count'; readonly count: number }
  | { readonly kind: 'to'; readonly name: string };

/** Migrations × ledger. Pure: `up`, `down`, `--dry-run` and `status` all read this value. */
export const makePlan = (input: PlanInput): Plan =>
  input.direction === 'up' ? planUp(input) : planDown(input);

function planUp(input: PlanInput): Plan {
  const { outOfOrder, limit } = input;
  const migrations = withBases(input.migrations);
  const states = upStates(subjectsOf(input), input.migrations, outOfOrder, endOf(input));
  const selected = states.filter(({ subject }) => subject.selected);
  const pending = new Set(selected.flatMap((state) => state.pending));
  const wanted = new Set(limitedUp(migrations, pending, limit));
  const barriers = states.filter(({ subject }) => !subject.selected && subject.scope !== 'tenant');
  const held = new Map(selected.map((state) => [state.subject, heldBack(state, barriers, migrations)]));
  const free = new Map(
    selected.map(({ subject, pending: own }) => [
      subject,
      new Set(own.filter((one) => wanted.has(one) && !held.get(subject)?.migrations.includes(one))),
    ]),
  );
  return {
    ...stepsOf(input, [...wanted], free),
    problems: mergeProblems(selected.flatMap((state) => state.problems)),
    interrupted: interruptedOf(selected),
    waiting: waitingOf(
      [...held].map(([subject, one]) => ({ subject, ...one })),
      [...wanted],
    ),
  };
}

/** The place of the first migration that is not wanted, as far as a name tells. */
const endOf = ({ migrations, limit }: PlanInput): number =>
  limit.kind === 'to' ? migrations.findLastIndex(({ name }) => name === limit.name) + 1 : migrations.length;

function planDown(input: PlanInput): Plan {
  const { migrations, limit } = input;
  const subjects = subjectsOf(input);
  const selected = subjects.filter((subject) => subject.selected);
  const has = new Map(selected.map((subject) => [subject, new Set(appliedTo(subject, migrations))]));
  const present = new Set([...has.values()].flatMap((own) => [...own]));
  const wanted = limitedDown(migrations, present, limit);
  return {
    ...stepsOf(input, wanted, has),
    problems: mergeProblems(downProblems(subjects, migrations, wanted)),
    interrupted: [],
    waiting: [],
  };
}

function limitedUp(
  all: readonly Migration[],
  pending: ReadonlySet<Migration>,
  limit: PlanLimit,
): readonly Migration[] {
  const list = all.filter((migration) => pending.has(migration));
  if (limit.kind === 'all') return list;
  if (limit.kind === 'count') return list.slice(0, limit.count);
  const last = all.findLastIndex((migration) => migration.name === limit.name);
  return all.slice(0, last + 1).filter((migration) => pending.has(migration));
}

/** The last first. */
function limitedDown(
  all: readonly Migration[],
  present: ReadonlySet<Migration>,
  limit: PlanLimit,
): readonly Migration[] {
  const list = all.filter((migration) => present.has(migration)).toReversed();
  if (limit.kind === 'all') return list;
  if (limit.kind === 'count') return list.slice(0, limit.count);
  const kept = all.findLastIndex((migration) => migration.name === limit.name);
  return list.filter((migration) => all.indexOf(migration) > kept);
}

interface HeldBack {
  readonly migrations: readonly Migration[];
  readonly by: Migration | null;
}

/** What comes after the first migration that waits on the shard itself, or on a veneer, and is not to run now. */
function heldBack(
  { subject, pending }: UpState,
  barriers: readonly UpState[],
  all: readonly Migration[],
): HeldBack {
  const [by = null] = barriersOf(subject, barriers).toSorted((a, b) => all.indexOf(a) - all.indexOf(b));
  if (by === null) return { migrations: [], by };
  return { migrations: pending.filter((migration) => all.indexOf(migration) > all.indexOf(by)), by };
}

function waitingOf(
  held: readonly (HeldBack & { readonly subject: Subject })[],
  wanted: readonly Migration[],
): WaitingMigration[] {
  return wanted.flatMap((migration) => {
    const waiting = held.filter(({ migrations }) => migrations.includes(migration));
    const [first] = waiting;
    if (first === undefined || first.by === null) return [];
    return [
      {
        migration: labelOf(migration),
        for: labelOf(first.by),
        subjects: waiting.map(({ subject }) => subject.name),
      },
    ];
  });
}

/** Of each subject, what of the wanted is to run for it. */
function stepsOf(
  { direction, shards, veneers }: PlanInput,
  wanted: readonly Migration[],
  toRun: ReadonlyMap<Subject, ReadonlySet<Migration>>,
): Pick<Plan, 'direction' | 'order' | 'shards' | 'veneerSteps'> {
  const subjectsFor = (migration: Migration): Subject[] =>
    [...toRun].flatMap(([subject, migrations]) => (migrations.has(migration) ? [subject] : []));
  const busy = wanted
    .map((migration) => ({ migration, subjects: groupBy(subjectsFor(migration), ({ member }) => member) }))
    .filter(({ subjects }) => subjects.size > 0);
  const ofVeneers = busy.filter(({ migration }) => migration.scope === 'veneer');
  const ofShards = busy.filter((one) => !ofVeneers.includes(one));
  return {
    direction,
    order: busy.map(({ migration }) => migration),
    shards: shards.map((shard) => ({
      shard,
      steps: ofShards.flatMap(({ migration, subjects }): PlannedStep[] => {
        const here = subjects.get(shard.name);
        return here === undefined
          ? []
          : [{ migration, direction, tenants: here.flatMap(({ tenant }) => tenant ?? []) }];
      }),
    })),
    veneerSteps: ofVeneers.map(({ migration, subjects }) => ({
      migration,
      direction,
      veneers: veneers.filter(({ name }) => subjects.has(name)),
    })),
  };
}

function interruptedOf(states: readonly UpState[]): InterruptedMigration[] {
  const pairs = states.flatMap(({ subject, begun }) =>
    begun.map((migration) => ({ migration: labelOf(migration), tenant: subject.name })),
  );
  return [...groupBy(pairs, ({ migration }) => migration)].map(([migration, list]) => ({
    migration,
    tenants: list.map(({ tenant }) => tenant),
  }));
}

/** One sentence for people. While a runner is at work nobody can tell that it is not at this very migration. */
export const interruptedText = (
  { migration, tenants }: InterruptedMigration,
  runner: 'at work' | 'none',
): string =>
  runner === 'none'
    ? `${migration} was interrupted half way for ${fewOf(tenants)}: migrate up runs it again`
    : `${migration} began for ${fewOf(tenants)}, and has not come to its end`;

/** One sentence for people. */
export const waitingText = (one: WaitingMigration): string =>
  `${one.migration} waits for ${one.for}, which this selection leaves out (${fewOf(one.subjects)})`;
