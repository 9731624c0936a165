import { entriesOf, onlyApplied, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { OwnStatus } from '../../report/status.js';
import type { StatusFacts } from './status-facts.js';

/** Where shards and veneers themselves stand; those without a migration of their scope, in file or ledger, are left out. Pure. */
export function ownOf(
  { config, shards, migrations, shardFacts, veneerFacts }: StatusFacts,
  plan: Plan,
): OwnStatus[] {
  const status = (
    scope: OwnStatus['scope'],
    member: string,
    ledger: readonly LedgerGroup[] | null | undefined,
    pending: readonly string[],
  ): OwnStatus[] => {
    const all = migrations.filter((migration) => migration.scope === scope);
    const applied = onlyApplied(entriesOf(ledger ?? [], scope).get('') ?? new Map());
    if (all.length === 0 && applied.size === 0) return [];
    const last = all.findLast(({ name }) => applied.has(name))?.name ?? null;
    return [{ scope, member, applied: ledger ? applied.size : null, pending, last }];
  };
  return [
    ...config.veneers.flatMap(({ name }) => {
      const steps = plan.veneerSteps.filter(({ veneers }) => veneers.some((veneer) => veneer.name === name));
      const pending = steps.map(({ migration }) => migration.name);
      return status('veneer', name, veneerFacts.get(name)?.ledger, pending);
    }),
    ...shards.flatMap(({ name }) => {
      const steps = plan.shards.find(({ shard }) => shard.name === name)?.steps ?? [];
      const pending = steps
        .filter(({ migration }) => migration.scope === 'shard')
        .map(({ migration }) => migration.name);
      return status('shard', name, shardFacts.get(name)?.ledger, pending);
    }),
  ];
}
