import { nameKey, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { WhyNames, WhyTarget } from './why-targets.js';
import { ruleOf } from './why-relation.js';
import type { WhyLocal } from '../why.js';

/** What veneers have themselves under a name, or are to have by a rule: views over all tenants, parents of partitions. Pure. */
export function localsNamed(
  { veneers }: Pick<WhyNames, 'veneers'>,
  targets: readonly WhyTarget[],
  wanted: QualifiedName,
): WhyLocal[] {
  return [...veneers].flatMap(([veneer, { names, heads }]): WhyLocal[] => {
    const on = targets.filter((target) => target.veneer === veneer);
    const ours = new Set(heads.map(({ oid }) => oid));
    const found = names.find((one) => sameName(one, wanted) && !ours.has(one.oid));
    const role = roleOf(on, veneer, wanted);
    // What a member in both roles has itself, a target tells.
    const isTold = on.some(
      ({ shard, relation }) => shard.name === veneer && relation !== null && sameName(relation, wanted),
    );
    if ((found === undefined && role === null) || (role === null && isTold)) return [];
    const { schema, name } = wanted;
    return [
      {
        veneer,
        local: { schema, name },
        kind: found?.kind ?? null,
        what: 'its own',
        rule: null,
        drift: [],
        ...role,
      },
    ];
  });
}

/** What a rule makes of the name there. */
function roleOf(
  targets: readonly WhyTarget[],
  veneer: string,
  wanted: QualifiedName,
): Pick<WhyLocal, 'what' | 'rule'> | null {
  for (const { shard, verdict } of targets) {
    if (verdict.kind !== 'shown' || shard.name === veneer) continue;
    const { union, partition } = verdict.shown;
    const rule = ruleOf(verdict);
    if (union !== null && nameKey(union) === nameKey(wanted)) return { what: 'union view', rule };
    if (partition !== null && nameKey(partition.of) === nameKey(wanted))
      return { what: 'parent of partitions', rule };
  }
  return null;
}
