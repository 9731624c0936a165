import type { ForeignPartition } from '../../catalog/relations/read-foreign-tables.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Change } from './reconcile.js';
import { parentStatements, type ParentChange } from './reconcile-partition.js';
import { SharedObjectError } from '../types/shared-object-error.js';

/** What a veneer has to do for several shards, with what partitioned tables need taken out, once each. */
export interface Merged {
  /** To run first: partitions follow. */
  readonly onParents: readonly Change[];
  /** Of each list, what is left of it. */
  readonly rest: readonly (readonly Change[])[];
}

/** A veneer, and the shards that it shows and that take no part in the step, by the names of their servers. */
export interface ParentsOf {
  readonly veneer: string;
  readonly outside: ReadonlyMap<string, string>;
}

/**
 * A partition has its parent's columns, so what changes on the shards is made on the parent: once, and only when every
 * partition has the change (PROTOCOL section 10). Throws where some lack it: a SharedObjectError where all of these are of
 * shards that take no part, another error (exit 20) where one does. Pure.
 */
export function mergeParents(
  of: ParentsOf,
  lists: readonly (readonly Change[])[],
  present: readonly ForeignPartition[],
): Merged {
  const changes = lists.flat();
  const dropped = new Set(changes.filter(({ kind }) => kind === 'drop').map(({ oid }) => oid));
  const parents = new Map<string, readonly Change[]>();
  for (const change of changes) {
    const { onParent } = change;
    if (onParent === undefined || parents.has(nameKey(onParent.parent))) continue;
    const siblings = present.filter(
      ({ oid, parent }) => nameKey(parent) === nameKey(onParent.parent) && !dropped.has(oid),
    );
    refusePartly(of, change, onParent, siblings, changes);
    parents.set(nameKey(onParent.parent), changesOf(change.remote, onParent));
  }
  const rest = lists.map((list) => list.filter(({ statements }) => statements.length > 0));
  return { onParents: [...parents.values()].flat(), rest };
}

/** What comes before, and what runs while views over the parent are put aside: its dependents are asked for by its oid. */
function changesOf(
  remote: QualifiedName,
  { parent: table, first, rest, dropped, retyped }: ParentChange,
): Change[] {
  const change = { kind: 'alter', table, oid: table.oid, remote } as const;
  const parts =
    retyped.length === 0
      ? [{ ...change, dropped, statements: [...first, ...rest] }]
      : [
          { ...change, dropped, statements: first },
          { ...change, retyped, statements: rest },
        ];
  return parts.filter(({ statements }) => statements.length > 0);
}

function refusePartly(
  { veneer, outside }: ParentsOf,
  { table }: Change,
  onParent: ParentChange,
  siblings: readonly ForeignPartition[],
  changes: readonly Change[],
): void {
  const text = (own: ParentChange): string => parentStatements(own).join('; ');
  const needed = new Map(
    changes.map(({ oid, onParent: own }) => [oid, own === undefined ? null : text(own)]),
  );
  const others = siblings.filter(({ oid }) => needed.get(oid) !== text(onParent));
  if (others.length === 0) return;
  const names = others.slice(0, 5).map(display).join(', ');
  const message = `${display(table)} is a partition of ${display(onParent.parent)}, and other partitions have not the same change: ${names}${others.length > 5 ? ` and ${others.length - 5} more` : ''}`;
  const detail = `${display(table)} would need ${text(onParent)}`;
  const lacking = new Set(others.flatMap(({ server }) => outside.get(server) ?? []));
  if (others.every(({ server }) => outside.has(server)))
    throw new SharedObjectError(message, {
      what: `partitioned table ${display(onParent.parent)}`,
      lacking: [...lacking],
      member: veneer,
      detail,
    });
  throw new VeneerError(message, {
    exitCode: EXIT.failed,
    where: { member: veneer },
    detail,
    hint: 'change the tables of all partitions in one migration: the parent on the veneer follows',
  });
}
