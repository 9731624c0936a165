import type { QualifiedName } from '../postgres/identifiers.js';
import type { RawRelation } from './read-raw.js';
import type { Relation } from './relation.js';

/** How one relation was named before a migration, found by oid; columns are paired by attnum. */
export interface Rename {
  readonly from: QualifiedName;
  readonly to: QualifiedName;
  /** Old column name → new one, null where it was dropped; only those that changed. */
  readonly columns: ReadonlyMap<string, string | null>;
}

/** A relation as it was, by its names. */
export type NamedColumns = Pick<RawRelation, 'oid' | 'schema' | 'name' | 'columns'>;

/** Pairs what was with what is by oid and attnum, the identities that survive a rename. Pure. */
export function findRenames(before: readonly NamedColumns[], after: readonly Relation[]): Rename[] {
  const old = new Map(before.map((relation) => [relation.oid, relation]));
  return after.flatMap((now) => {
    const was = old.get(now.oid);
    if (was === undefined) return [];
    const columns = changedColumns(was, now);
    const moved = was.schema !== now.schema || was.name !== now.name;
    return moved || columns.size > 0 ? [{ from: was, to: now, columns }] : [];
  });
}

/** A dropped column is told apart from one of the same name that took its place: only the number says which it is. */
function changedColumns(was: NamedColumns, now: Relation): ReadonlyMap<string, string | null> {
  const names = new Map(now.columns.map(({ attnum, name }) => [String(attnum), name]));
  const changed = Object.entries(was.columns).filter(([attnum, old]) => names.get(attnum) !== old);
  return new Map(changed.map(([attnum, old]) => [old, names.get(attnum) ?? null]));
}
