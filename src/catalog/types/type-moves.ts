import { type QualifiedName } from '../../postgres/identifiers.js';
import type { RawType } from './read-raw-types.js';

/** How one type was named before a migration, found by its oid. */
export interface TypeMove {
  readonly from: QualifiedName;
  /** Null where the migration dropped it. */
  readonly to: QualifiedName | null;
  /** Old label → new one, only those that changed. */
  readonly labels: ReadonlyMap<string, string>;
  /** Old attribute → new one, null where it was dropped; only those that changed. */
  readonly attributes: ReadonlyMap<string, string | null>;
}

/** Pairs what was with what is by oid, the oids of labels and the numbers of attributes. Pure. */
export function findTypeMoves(before: readonly RawType[], after: readonly RawType[]): TypeMove[] {
  const now = new Map(after.map((type) => [type.oid, type]));
  return before.map((was): TypeMove => {
    const is = now.get(was.oid);
    const labels = changed(was.labels, is?.labels ?? {}).flatMap(([old, fresh]): [string, string][] =>
      fresh === null ? [] : [[old, fresh]],
    );
    return {
      from: { schema: was.schema, name: was.name },
      to: is === undefined ? null : { schema: is.schema, name: is.name },
      labels: new Map(labels),
      attributes: new Map(is === undefined ? [] : changed(was.attributes, is.attributes)),
    };
  });
}

const changed = (
  was: Readonly<Record<string, string>>,
  is: Readonly<Record<string, string>>,
): [string, string | null][] =>
  Object.entries(was)
    .filter(([key, name]) => is[key] !== name)
    .map(([key, name]) => [name, is[key] ?? null]);
