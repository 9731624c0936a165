import type { Problem } from '../../errors.js';
import { basedOn, isRepeatable } from '../migration-names.js';
import { migrationProblem } from '../migration-problems.js';
import type { Migration } from '../migration.js';

/** Migrations with their bases, and bases that belong to none. Pure. */
export function attachBases(
  migrations: readonly Migration[],
  bases: readonly Migration[],
): { readonly migrations: readonly Migration[]; readonly problems: readonly Problem[] } {
  const ofTenants = migrations.filter(({ scope, name }) => scope === 'tenant' && !isRepeatable(name));
  const byTarget = new Map(bases.map((base) => [basedOn(base.name), base]));
  const names = new Set<string | null>(ofTenants.map(({ name }) => name));
  return {
    migrations: migrations.map((migration) => {
      const base = byTarget.get(migration.name);
      const place = ofTenants.indexOf(migration);
      if (base === undefined || place < 0) return migration;
      return { ...migration, base: { ...base, covers: ofTenants.slice(0, place + 1) } };
    }),
    problems: bases.filter(({ name }) => !names.has(basedOn(name))).map(targetProblem),
  };
}

const targetProblem = ({ file, name }: Migration): Problem =>
  migrationProblem(
    `there is no migration ${basedOn(name)} for tenants, up to which this could be the base`,
    { file },
    { hint: 'name it B__ and the name of the last migration that it stands for' },
  );

/** What runs, each base before the migration that it ends with. Pure. */
export const withBases = (migrations: readonly Migration[]): Migration[] =>
  migrations.flatMap((migration) =>
    migration.base === undefined ? [migration] : [migration.base, migration],
  );

/**
 * What a tenant that has nothing yet runs: the last base that it may begin with, and what comes behind it; `pending` where there
 * is none. A base may not go beyond `end`, the place in the list of the first migration that is not to run, or that has
 * to run on its shard or on a veneer before: what comes before that in the list may need it, and the other way round. Pure.
 */
export function pendingFromBase(
  pending: readonly Migration[],
  all: readonly Migration[],
  end: number,
): readonly Migration[] {
  const place = all.slice(0, end).findLastIndex(({ base }) => base !== undefined);
  const base = all[place]?.base;
  if (base === undefined) return pending;
  return [base, ...pending.filter((migration) => all.indexOf(migration) > place)];
}
