import type { QualifiedName } from '../postgres/identifiers.js';
import type { Row, Session } from '../postgres/session.js';

/** A sequence, and what it gave out last. */
export interface SequenceState extends Row, QualifiedName {
  /** Null where it gave out nothing yet, or this user may not look. */
  readonly last: string | null;
}

/** The sequences of these schemas. */
export const readSequences = (session: Session, schemas: readonly string[]): Promise<SequenceState[]> =>
  session.query<SequenceState>(
    `SELECT schemaname::text AS schema, sequencename::text AS name, last_value::text AS last
       FROM pg_sequences WHERE schemaname = ANY ($1::text[])`,
    [schemas],
  );
