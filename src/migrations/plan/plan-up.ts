import type { PolicyConfig } from '../../config/config.js';
import { pendingFromBase } from '../load/bases.js';
import { onlyApplied, type LedgerEntry } from '../ledger/ledger.js';
import { missingProblem, problemOfFile, type SubjectProblem } from '../ledger/ledger-problems.js';
import { migrationsFor, type Subject } from '../ledger/ledger-subjects.js';
import { isRepeatable } from '../migration-names.js';
import type { Migration } from '../migration.js';

/** What a tenant, a shard or a veneer lacks. */
export interface UpState {
  readonly subject: Subject;
  readonly pending: readonly Migration[];
  /** Pending ones that began. */
  readonly begun: readonly Migration[];
  readonly problems: readonly SubjectProblem[];
}

/**
 * What each subject lacks, and what forbids to apply it; `end`: the place in the list of the first migration that is
 * not wanted. Pure.
 */
export function upStates(
  subjects: readonly Subject[],
  all: readonly Migration[],
  outOfOrder: PolicyConfig['outOfOrder'],
  end: number,
): UpState[] {
  const isLate = lateIn(subjects, all);
  const states = subjects.map((subject) => upState(subject, all, { outOfOrder, isLate }));
  // Thousands of tenants would each be looked at for each of them.
  const ofMembers = states.filter(({ subject }) => subject.scope !== 'tenant');
  return states.map((state) => {
    const { subject, pending } = state;
    if (subject.scope !== 'tenant' || subject.entries.size > 0) return state;
    const barriers = barriersOf(subject, ofMembers).map((migration) => all.indexOf(migration));
    return { ...state, pending: pendingFromBase(pending, all, Math.min(end, ...barriers)) };
  });
}

/** What is pending first on a subject's shard itself, and on each veneer. */
export const barriersOf = ({ member }: Subject, states: readonly UpState[]): Migration[] =>
  states
    .filter(
      ({ subject: { scope, ...one } }) => scope === 'veneer' || (scope === 'shard' && one.member === member),
    )
    .flatMap(({ pending }) => pending.slice(0, 1));

interface Lateness {
  readonly outOfOrder: PolicyConfig['outOfOrder'];
  readonly isLate: (subject: Subject, migration: Migration) => boolean;
}

function upState(subject: Subject, all: readonly Migration[], { outOfOrder, isLate }: Lateness): UpState {
  const { entries } = subject;
  const own = migrationsFor(subject, all);
  const applied = onlyApplied(entries);
  const missing = own.filter((migration) => isMissing(migration, applied.get(migration.name)));
  // What began had its turn: going on with it is not out of order.
  const late = missing.filter((migration) => !entries.has(migration.name) && isLate(subject, migration));
  return {
    subject,
    begun: missing.filter(({ name }) => entries.get(name)?.state === 'running'),
    pending: outOfOrder === 'ignore' ? missing.filter((migration) => !late.includes(migration)) : missing,
    problems: [
      ...own
        .filter((migration) => !isRepeatable(migration.name))
        .filter((migration) => isEdited(migration, applied.get(migration.name)))
        .map((migration) => problemOfFile('edited', migration, subject)),
      ...withoutFile(subject, own).map((entry) => missingProblem(subject, entry)),
      ...(outOfOrder === 'refuse' ? late.map((one) => problemOfFile('out of order', one, subject)) : []),
    ],
  };
}

/** A repeatable is missing as well where another text was applied than its file has now. */
const isMissing = (migration: Migration, entry: LedgerEntry | undefined): boolean =>
  entry === undefined || (isRepeatable(migration.name) && isEdited(migration, entry));

/** Was another text applied than the file has now? */
export const isEdited = (migration: Migration, entry: LedgerEntry | undefined): boolean =>
  entry !== undefined && entry.checksum !== migration.checksum;

/** A repeatable whose file is gone has nothing to run any more: what it made is dropped by a migration. */
export const withoutFile = ({ entries }: Subject, own: readonly Migration[]): LedgerEntry[] =>
  [...entries.values()].filter(
    ({ migration }) => !isRepeatable(migration) && !own.some(({ name }) => name === migration),
  );

/**
 * Does a migration sort before one that its subject has already? A shard's or veneer's migration besides when nobody
 * has it yet, and something of another scope that comes after it was applied there (on a shard: to it or its tenants):
 * that one ran without it. A shard or veneer that was added to the fleet catches up like any tenant.
 */
function lateIn(subjects: readonly Subject[], all: readonly Migration[]): Lateness['isLate'] {
  const lastOf = new Map(subjects.map((subject) => [subject, lastApplied(subject, all)]));
  const lastOn = new Map<string, number>();
  for (const [{ member }, last] of lastOf) lastOn.set(member, Math.max(lastOn.get(member) ?? -1, last));
  const lastAnywhere = Math.max(-1, ...lastOf.values());
  const isNew = (migration: Migration): boolean =>
    !subjects.some(({ scope, entries }) => scope === migration.scope && entries.has(migration.name));
  return (subject, migration) => {
    const at = all.indexOf(migration);
    if (at < (lastOf.get(subject) ?? -1)) return true;
    if (subject.scope === 'tenant') return false;
    const last = subject.scope === 'veneer' ? lastAnywhere : (lastOn.get(subject.member) ?? -1);
    return at < last && isNew(migration);
  };
}

/** Place in the list of the last one that was applied to the subject, repeatables left out; -1: none. */
const lastApplied = ({ scope, entries }: Subject, all: readonly Migration[]): number =>
  all.findLastIndex(
    ({ name, ...migration }) =>
      migration.scope === scope && !isRepeatable(name) && entries.get(name)?.state === 'applied',
  );
