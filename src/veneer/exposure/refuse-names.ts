import { EXIT, VeneerError } from '../../errors.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import type { ExposedRelation } from './definition.js';

/** NAMEDATALEN - 1: PostgreSQL cuts longer names off with no more than a NOTICE. */
const LONGEST = 63;

/** Throws (exit 20) where the rules of `expose` cannot give each relation a name of its own. Pure. */
export function refuseNames(member: string, exposed: readonly ExposedRelation[]): void {
  refuseLongNames(member, exposed);
  refuseSharedNames(member, exposed);
}

/** Throws (exit 20) where the pattern of an `expose` rule makes a name that PostgreSQL would cut off. Pure. */
function refuseLongNames(member: string, exposed: readonly ExposedRelation[]): void {
  for (const { relation, definition } of exposed) {
    const long = [definition.schema, definition.name].find((name) => Buffer.byteLength(name) > LONGEST);
    if (long === undefined) continue;
    throw new VeneerError(
      `expose … as gives ${display(relation)} a name of ${Buffer.byteLength(long)} bytes, and PostgreSQL's end at ${LONGEST}: ${long}`,
      {
        exitCode: EXIT.failed,
        where: { member, ...(definition.tenant === null ? {} : { tenant: definition.tenant }) },
        hint: 'shorten the pattern or the relation, or leave it out by expose … except',
      },
    );
  }
}

/** One of them would hide the other, and a reader could not tell which it is. */
function refuseSharedNames(member: string, exposed: readonly ExposedRelation[]): void {
  const first = new Map<string, ExposedRelation>();
  for (const one of exposed) {
    const key = nameKey(one.definition);
    const other = first.get(key);
    first.set(key, other ?? one);
    if (other === undefined) continue;
    throw new VeneerError(
      `expose … as gives ${display(other.relation)} and ${display(one.relation)} one name: ${display(one.definition)}`,
      {
        exitCode: EXIT.failed,
        where: { member },
        hint: 'put {tenant} or {table} into the pattern, or leave one of them out by expose … except',
      },
    );
  }
}
