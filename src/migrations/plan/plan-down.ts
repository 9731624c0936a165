import { missingProblem, problemOfFile, type SubjectProblem } from '../ledger/ledger-problems.js';
import { migrationsFor, type Subject } from '../ledger/ledger-subjects.js';
import { compareNames, isRepeatable } from '../migration-names.js';
import type { Migration } from '../migration.js';
import { isEdited, withoutFile } from './plan-up.js';

/** What a tenant, a shard or a veneer has, whether it came to its end or not; repeatables are not taken down. */
export const appliedTo = (subject: Subject, all: readonly Migration[]): Migration[] =>
  migrationsFor(subject, all).filter(({ name }) => subject.entries.has(name) && !isRepeatable(name));

/**
 * What forbids to take these down, the last first: a file that is not what was applied, or is missing; and what is
 * left out by a selection but stands above one of them. Pure.
 */
export function downProblems(
  subjects: readonly Subject[],
  all: readonly Migration[],
  wanted: readonly Migration[],
): SubjectProblem[] {
  const lowest = wanted.at(-1);
  if (lowest === undefined) return [];
  const above = (name: string): boolean => compareNames(name, lowest.name) >= 0;
  return subjects.flatMap((subject) => {
    if (!subject.selected) return standingAbove(subject, subjects, all, wanted);
    const own = migrationsFor(subject, all);
    return [
      ...own
        .filter((one) => wanted.includes(one) && isEdited(one, subject.entries.get(one.name)))
        .map((one) => problemOfFile('edited', one, subject)),
      ...withoutFile(subject, own)
        .filter(({ migration }) => above(migration))
        .map((entry) => missingProblem(subject, entry)),
    ];
  });
}

/** What is to go from below something that a shard itself or a veneer has, and that stays. */
function standingAbove(
  subject: Subject,
  subjects: readonly Subject[],
  all: readonly Migration[],
  wanted: readonly Migration[],
): SubjectProblem[] {
  const last = Math.max(-1, ...appliedTo(subject, all).map((migration) => all.indexOf(migration)));
  const affected = subjects.filter(
    ({ selected, member }) => selected && (subject.scope === 'veneer' || member === subject.member),
  );
  return wanted
    .filter((migration) => all.indexOf(migration) < last)
    .flatMap((migration) =>
      affected
        .filter(({ scope, entries }) => scope === migration.scope && entries.has(migration.name))
        .map((one) => problemOfFile('below another', migration, one)),
    );
}
