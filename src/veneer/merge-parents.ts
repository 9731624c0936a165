import type { ForeignPartition } from '../catalog/read-foreign-tables.js';
import { EXIT, VeneerError } from '../errors.js';
import { display, nameKey } from '../postgres/identifiers.js';
import type { Change } from './reconcile.js';

/** What a veneer has to do for several shards, with what partitioned tables need taken out, once each. */
export interface Merged {
  /** To run first: partitions follow. */
  readonly onParents: readonly Change[];
  /** Of each list, what is left of it. */
  readonly rest: readonly (readonly Change[])[];
}

/**
 * A partition has its parent's columns, so what changes on the shards is made on the parent: once, and only when every
 * partition has the change (PROTOCOL section 10). Throws (exit 20) where some lack it. Pure.
 */
export function mergeParents(
  veneer: string,
  lists: readonly (readonly Change[])[],
  present: readonly ForeignPartition[],
): Merged {
  const changes = lists.flat();
  const dropped = new Set(changes.filter(({ kind }) => kind === 'drop').map(({ oid }) => oid));
  const parents = new Map<string, Change>();
  for (const change of changes) {
    const { onParent } = change;
    if (onParent === undefined || parents.has(nameKey(onParent.parent))) continue;
    const siblings = present.filter(
      ({ oid, parent }) => nameKey(parent) === nameKey(onParent.parent) && !dropped.has(oid),
    );
    refusePartly(veneer, change, onParent.statements, siblings, changes);
    const { parent: table, statements } = onParent;
    parents.set(nameKey(table), { kind: 'alter', table, remote: change.remote, statements });
  }
  const rest = lists.map((list) => list.filter(({ statements }) => statements.length > 0));
  return { onParents: [...parents.values()], rest };
}

function refusePartly(
  veneer: string,
  { table, onParent }: Change,
  statements: readonly string[],
  siblings: readonly ForeignPartition[],
  changes: readonly Change[],
): void {
  const needed = new Map(changes.map(({ oid, onParent: own }) => [oid, own?.statements.join('; ')]));
  const others = siblings.filter(({ oid }) => needed.get(oid) !== statements.join('; '));
  if (others.length === 0 || onParent === undefined) return;
  const names = others.slice(0, 5).map(display).join(', ');
  throw new VeneerError(
    `${display(table)} is a partition of ${display(onParent.parent)}, and other partitions have not the same change: ${names}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`,
    {
      exitCode: EXIT.failed,
      where: { member: veneer },
      detail: `${display(table)} would need ${statements.join('; ')}`,
      hint: 'change the tables of all partitions in one migration: the parent on the veneer follows',
    },
  );
}
