import type { QualifiedName } from '../postgres/identifiers.js';
import type { RawRelation } from './read-raw.js';
import type { Relation } from './relation.js';

/** How one relation was named before a migration, found by oid; columns are paired by attnum. */
export interface Rename {
  readonly from: QualifiedName;
  readonly to: QualifiedName;
  /** Old column name → new one, only those that changed. */
  readonly columns: ReadonlyMap<string, string>;
}

/** Pairs what was with what is by oid and attnum, the identities that survive a rename. Pure. */
export function findRenames(before: readonly RawRelation[], after: readonly Relation[]): Rename[] {
  const old = new Map(before.map((relation) => [relation.oid, relation]));
  return after.flatMap((now) => {
    const was = old.get(now.oid);
    if (was === undefined) return [];
    const columns = renamedColumns(was, now);
    const moved = was.schema !== now.schema || was.name !== now.name;
    return moved || columns.size > 0 ? [{ from: was, to: now, columns }] : [];
  });
}

function renamedColumns(was: RawRelation, now: Relation): ReadonlyMap<string, string> {
  const pairs = now.columns.flatMap(({ attnum, name }) => {
    const old = was.columns[String(attnum)];
    return old === undefined || old === name ? [] : [[old, name] as const];
  });
  return new Map(pairs);
}
