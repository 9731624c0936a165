import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';

/** That a relation is there, and what it is; nothing that would wait for a lock. */
export interface RelationName extends QualifiedName {
  readonly oid: string;
  /** pg_class.relkind. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f';
  readonly isPartition: boolean;
}

/** All relations of a database but PostgreSQL's and our own, in no order. */
export const readRelationNames = (session: Session): Promise<RelationName[]> =>
  session.prepared<RelationName & Row>(
    `SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name, c.relkind::text AS kind,
            c.relispartition AS "isPartition"
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
        AND n.nspname !~ '^pg_' AND n.nspname <> ALL ('{information_schema,pgveneer}')`,
  );
