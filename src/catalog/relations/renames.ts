import { oncePerLists } from '../../once-per-lists.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
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
export interface NamedColumns extends Pick<RawRelation, 'oid' | 'schema' | 'name'> {
  readonly columns: readonly Pick<RawRelation['columns'][number], 'attnum' | 'name'>[];
}

/** Pairs what was with what is by oid and attnum, the identities that survive a rename. Pure. */
export function findRenames(before: readonly NamedColumns[], after: readonly Relation[]): Rename[] {
  const old = new Map(before.map((relation) => [relation.oid, relation]));
  const once = oncePerLists<Rename['columns']>();
  return after.flatMap((now) => {
    const was = old.get(now.oid);
    if (was === undefined) return [];
    const columns = once([was.columns, now.columns], '', () => changedColumns(was.columns, now.columns));
    const moved = was.schema !== now.schema || was.name !== now.name;
    return moved || columns.size > 0 ? [{ from: was, to: now, columns }] : [];
  });
}

/** A dropped column is told apart from one of the same name that took its place: only the number says which it is. */
function changedColumns(was: NamedColumns['columns'], now: Relation['columns']): Rename['columns'] {
  const names = new Map(now.map(({ attnum, name }) => [attnum, name]));
  const changed = was.filter(({ attnum, name }) => names.get(attnum) !== name);
  return new Map(changed.map(({ attnum, name }) => [name, names.get(attnum) ?? null]));
}
