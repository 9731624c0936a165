import { ident, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { rollbackQuietly } from '../../postgres/transaction.js';

/** A partition, and what its bounds are to be: SQL as behind FOR VALUES, or DEFAULT. */
export interface BoundsWanted {
  readonly table: QualifiedName;
  readonly bounds: string;
}

/** Bounds as PostgreSQL shows them; equal texts are equal bounds. */
export interface BoundsFound {
  readonly table: QualifiedName;
  readonly present: string;
  readonly wanted: string;
}

/**
 * Bounds of attached partitions of one parent beside what they are to be. Bounds are SQL, which PostgreSQL keeps as values: so
 * that nothing is guessed from the text, it makes a temporary parent with the same key and these partitions, and shows their
 * bounds; all of it is rolled back. Throws what PostgreSQL says of bounds that are none, or that meet each other.
 */
export async function probeBounds<W extends BoundsWanted>(
  session: Session,
  parent: QualifiedName,
  wanted: readonly W[],
  lockWaitMs: number,
): Promise<(W & BoundsFound)[]> {
  await session.run(`BEGIN READ WRITE; SET LOCAL lock_timeout = ${lockWaitMs}`);
  try {
    const [key] = await session.query<{ key: string }>('SELECT pg_get_partkeydef(to_regclass($1)) AS key', [
      qualified(parent),
    ]);
    const partitions = wanted.map(
      ({ bounds }, index) =>
        `CREATE TEMP TABLE ${nameOf(index)} PARTITION OF pg_temp.pgveneer_parent ${boundsSql(bounds)}`,
    );
    await session.run(
      [
        `CREATE TEMP TABLE pgveneer_parent (LIKE ${qualified(parent)}) PARTITION BY ${key?.key ?? ''}`,
        ...partitions,
      ].join('; '),
    );
    const rows = await session.query<{ present: string; wanted: string }>(
      `SELECT (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass(names.present)) AS present,
              (SELECT pg_get_expr(relpartbound, oid) FROM pg_class WHERE oid = to_regclass(names.wanted)) AS wanted
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS names(present, wanted, at) ORDER BY names.at`,
      [wanted.map(({ table }) => qualified(table)), wanted.map((_, index) => `pg_temp.${nameOf(index)}`)],
    );
    return wanted.flatMap((one, index) => {
      const row = rows[index];
      return row === undefined ? [] : [{ ...one, ...row }];
    });
  } finally {
    await rollbackQuietly(session);
  }
}

const nameOf = (index: number): string => ident(`pgveneer_part_${index}`);

/** What stands behind ATTACH PARTITION, or PARTITION OF; the bounds are the author's own SQL. */
export const boundsSql = (bounds: string): string =>
  /^\s*default\s*$/i.test(bounds) ? 'DEFAULT' : `FOR VALUES ${bounds}`;
