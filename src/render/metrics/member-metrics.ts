import { groupBy } from '../../group-by.js';
import type { ShardStatus, StatusReport } from '../../report/status.js';
import { metric, type Metric, type Sample } from './exposition.js';

/** Of members: who answers, who is set up, what is in doubt there. Pure. */
export function memberMetrics({ members, inDoubt }: StatusReport): readonly Metric[] {
  const byMember = groupBy(inDoubt, ({ member }) => member);
  const known = members.filter(({ reachable }) => reachable).map(({ member }) => member);
  return [
    metric(
      'member_reachable',
      '1 where a member of the fleet answers, else 0.',
      members.map(({ member, role, reachable }) => ({ labels: { member, role }, value: Number(reachable) })),
    ),
    metric(
      'member_set_up',
      '1 where a member that answers has all that migrate setup makes, else 0.',
      members
        .filter(({ reachable }) => reachable)
        .map(({ member, role, setUp }) => ({ labels: { member, role }, value: Number(setUp) })),
    ),
    metric(
      'in_doubt',
      'Transactions of a member that are prepared and not settled.',
      known.map((member) => ({ labels: { member }, value: byMember.get(member)?.length ?? 0 })),
    ),
    metric(
      'in_doubt_age_seconds',
      'Age of the oldest of them.',
      [...byMember].map(([member, some]) => ({
        labels: { member },
        value: Math.max(...some.map(({ ageSeconds }) => ageSeconds)),
      })),
    ),
  ];
}

/** Of shards: their tenants, and what is pending for them. Pure. */
export function shardMetrics({ shards, own }: StatusReport): readonly Metric[] {
  const read = shards.filter(({ reachable }) => reachable);
  const ofShards = (of: readonly ShardStatus[], valueOf: (shard: ShardStatus) => number): Sample[] =>
    of.map((shard) => ({ labels: { shard: shard.shard }, value: valueOf(shard) }));
  return [
    metric(
      'tenants',
      'Tenants of a shard.',
      ofShards(shards, ({ tenants }) => tenants.length),
    ),
    metric(
      'tenants_pending',
      'Tenants of a shard for whom migrations are pending.',
      ofShards(read, ({ tenants }) => tenants.filter(({ pending }) => pending.length > 0).length),
    ),
    metric(
      'tenants_unknown',
      'Tenants of a shard whose ledger could not be read.',
      ofShards(shards, ({ tenants }) => tenants.filter(({ applied }) => applied === null).length),
    ),
    metric('pending_migrations', 'Migrations that are pending on a member, each once, by scope.', [
      ...read.map(({ shard, tenants }) => ({
        labels: { member: shard, scope: 'tenant' },
        value: new Set(tenants.flatMap(({ pending }) => pending)).size,
      })),
      ...own
        .filter(({ applied, pending }) => applied !== null || pending.length > 0)
        .map(({ member, scope, pending }) => ({ labels: { member, scope }, value: pending.length })),
    ]),
  ];
}
