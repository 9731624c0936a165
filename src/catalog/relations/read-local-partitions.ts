import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';

/** A table that is attached to a partitioned table of the same database. */
export interface LocalPartition {
  readonly table: QualifiedName;
  readonly parent: QualifiedName;
}

/** The partitions in these schemas that are no foreign tables. */
export async function readLocalPartitions(
  session: Session,
  schemas: readonly string[],
): Promise<LocalPartition[]> {
  const rows = await session.prepared<{ schema: string; name: string; ofSchema: string; ofName: string }>(
    `SELECT n.nspname AS schema, c.relname AS name, pn.nspname AS "ofSchema", p.relname AS "ofName"
       FROM pg_namespace n
       JOIN pg_class c ON c.relnamespace = n.oid AND c.relispartition AND c.relkind IN ('r', 'p')
       JOIN pg_inherits i ON i.inhrelid = c.oid
       JOIN pg_class p ON p.oid = i.inhparent
       JOIN pg_namespace pn ON pn.oid = p.relnamespace
      WHERE n.nspname = ANY ($1::text[])
      ORDER BY 1, 2`,
    [schemas],
  );
  return rows.map(({ schema, name, ofSchema, ofName }) => ({
    table: { schema, name },
    parent: { schema: ofSchema, name: ofName },
  }));
}
