import { EXIT, VeneerError } from '../../errors.js';
import { groupBy } from '../../group-by.js';
import type { BaselinePlan } from '../../migrations/adopt/baseline.js';
import { fewOf } from '../../migrations/ledger/ledger-problems.js';

/** Is there anything to record? */
export const hasRecords = ({ tenants }: BaselinePlan): boolean =>
  tenants.some(({ record }) => record.length > 0);

/** The whole of it, to compare. */
export const recordsOf = ({ tenants }: BaselinePlan): string =>
  JSON.stringify(
    tenants.map(({ tenant, record }) => [tenant.name, record.map(({ checksum, name }) => [name, checksum])]),
  );

/** What would be recorded, a line for the tenants of a shard that fare alike. */
export function questionLines({ tenants }: BaselinePlan): readonly string[] {
  const some = tenants.filter(({ record }) => record.length > 0);
  const alike = groupBy(some, ({ tenant, record }) =>
    JSON.stringify([tenant.shard, record.map(({ name }) => name)]),
  );
  return [...alike.values()].map((group) => {
    const [first] = group;
    const names = first?.record.map(({ name }) => name) ?? [];
    const list = names.length <= 2 ? names.join(', ') : `${names[0]} … ${names.at(-1)}`;
    return `${first?.tenant.shard}, ${fewOf(group.map(({ tenant }) => tenant.name))}: ${names.length} recorded as applied, not run: ${list}`;
  });
}

/** What was agreed to is not what would be recorded by now. */
export const movedMeanwhile = (): VeneerError =>
  new VeneerError('the fleet moved while the question stood: nothing was recorded', {
    exitCode: EXIT.failed,
    hint: 'migrate baseline again: it shows what it would record now',
  });
