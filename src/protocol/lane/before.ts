import { readRaw, touchedRelations, type RawRelation } from '../../catalog/relations/read-raw.js';
import { changedTypes, readRawTypes, type RawType } from '../../catalog/types/read-raw-types.js';
import { allDone } from '../../postgres/all-done.js';
import { currentXid } from '../../postgres/current-xid.js';
import type { Session } from '../../postgres/session.js';

/** A shard as it was before a step, by raw names: what the step's open transaction is compared with. */
export interface Before {
  /** Sees what is committed. */
  readonly anchor: Session;
  readonly relations: (oids: readonly string[]) => Promise<RawRelation[]>;
  readonly types: (oids: readonly string[]) => Promise<RawType[]>;
}

/** As it is committed: the step is the first thing that its transaction does. */
export const asCommitted = (anchor: Session): Before => ({
  anchor,
  relations: (oids) => readRaw(anchor, oids),
  types: (oids) => readRawTypes(anchor, oids),
});

/**
 * As the open transaction of `session` has it now, for a step that follows in the same transaction. What it touched is
 * read now, in it; what only the next step touches is as it is committed. Something that it dropped is not asked for
 * again: to the anchor it would still be there.
 */
export async function asLeft(session: Session, anchor: Session): Promise<Before> {
  const [{ oids: touched }, xid] = await allDone([touchedRelations(session), currentXid(session)]);
  const changed = await changedTypes(session, anchor, { xid, touched });
  const [relations, types] = await allDone([readRaw(session, touched), readRawTypes(session, changed)]);
  const committed = asCommitted(anchor);
  return {
    anchor,
    relations: (oids) => overlaid(oids, { known: touched, left: relations, rest: committed.relations }),
    types: (oids) => overlaid(oids, { known: changed, left: types, rest: committed.types }),
  };
}

interface Overlay<T> {
  /** Oids that `left` answers for, be it that nothing is left of them. */
  readonly known: readonly string[];
  readonly left: readonly T[];
  readonly rest: (oids: readonly string[]) => Promise<T[]>;
}

async function overlaid<T extends { readonly oid: string }>(
  oids: readonly string[],
  { known, left, rest }: Overlay<T>,
): Promise<T[]> {
  const answered = new Set(known);
  const wanted = new Set(oids);
  return [
    ...left.filter(({ oid }) => wanted.has(oid)),
    ...(await rest(oids.filter((oid) => !answered.has(oid)))),
  ];
}
