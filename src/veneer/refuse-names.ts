import { EXIT, VeneerError } from '../errors.js';
import { display } from '../postgres/identifiers.js';
import type { ExposedRelation } from './definition.js';

/** NAMEDATALEN - 1: PostgreSQL cuts longer names off with no more than a NOTICE. */
const LONGEST = 63;

/** Throws (exit 20) where the pattern of an `expose` rule makes a name that PostgreSQL would cut off. Pure. */
export function refuseLongNames(member: string, exposed: readonly ExposedRelation[]): void {
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
