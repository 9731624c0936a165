import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import type { Affected } from '../lane/lane.js';

interface Learnt {
  readonly changes: readonly Pick<Change, 'kind' | 'remote'>[];
  /** Names of relations that the gate locks. */
  readonly gated: readonly string[];
  readonly renames: readonly { readonly from: QualifiedName; readonly to: QualifiedName }[];
  readonly fence: boolean;
}

/**
 * What a step of some tenants tells of the same migration for others: names without their schemas, each once, since they are filled in
 * for every tenant. Pure.
 */
export function affectedBy({ changes, gated, renames, fence }: Learnt): Affected {
  const changed = new Set(changes.map(({ remote }) => remote.name));
  // Only what is there can be locked before the next attempt; a table that is to be created has no readers.
  const present = changes.filter(({ kind }) => kind !== 'create').map(({ remote }) => remote.name);
  const renamed = renames.flatMap(({ from, to }) => (changed.has(from.name) ? [to.name] : []));
  return {
    fence,
    relations: [...new Set([...present, ...gated])],
    names: [...new Set([...changed, ...renamed])],
  };
}
