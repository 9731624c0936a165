import type { Role } from '../../fleet/member.js';
import type { Row, Session } from '../../postgres/session.js';
import { rowsIfThere } from '../../postgres/state-tables.js';
import type { AttemptId } from './gid.js';

/** One participant as the intent records it: enough to find it again, and to know that it is the same database. */
export interface IntentParticipant {
  readonly member: string;
  readonly role: Role;
  readonly systemIdentifier: string;
  readonly databaseOid: string;
  /** The transaction's id, for people and pg_xact_status; null where nobody has asked for it. */
  readonly xid: string | null;
  /** Who prepared, for people: only this role, or a superuser, can settle. It is compared by pg_prepared_xacts.owner. */
  readonly user: string;
  /** On a veneer: what it executes, for people and for lock-step recovery. */
  readonly statements: readonly string[];
  /** For each statement what {@link StepStatement.follows} says; older versions wrote none. */
  readonly follows?: readonly (string | null)[];
  /** The statements are all that it does, although it is a shard as well: a migration of the veneers. */
  readonly whole?: boolean;
}

/** A statement that a step executes on a veneer. */
export interface StepStatement {
  readonly sql: string;
  /** The shard whose change it follows; null: none in particular, since it makes what shards share, or is the migration's own. */
  readonly follows: string | null;
}

/** How an attempt with several participants commits. */
export type Protocol = 'two-phase' | 'lock-step';

/** What the user asked for; `auto`: two-phase where every server of the group can prepare. */
export type ProtocolChoice = Protocol | 'auto';

/** What an attempt is about to do, committed before its first PREPARE. */
export interface Intent extends AttemptId {
  readonly migration: string | null;
  readonly protocol: Protocol;
  readonly participants: readonly IntentParticipant[];
}

/**
 * Writes the intent, in a transaction of its own: it is committed when this returns. All lanes of a run write to one session;
 * none waits for the answers of the others (each statement is a transaction of its own, also where several are on their way).
 */
export async function writeIntent(journal: Session, intent: Intent): Promise<void> {
  await journal.prepared(
    `INSERT INTO pgveneer.intent (fleet, step, nonce, migration, participants, protocol)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [
      intent.fleet,
      intent.step,
      intent.nonce,
      intent.migration,
      JSON.stringify(intent.participants),
      intent.protocol,
    ],
  );
}

/** Only when every participant is known to be settled: without an intent, what is left of an attempt is litter. */
export async function removeIntent(journal: Session, { fleet, step, nonce }: AttemptId): Promise<void> {
  await journal.prepared('DELETE FROM pgveneer.intent WHERE fleet = $1 AND step = $2 AND nonce = $3', [
    fleet,
    step,
    nonce,
  ]);
}

/** All intents of a fleet, oldest first; none where the fleet was never set up. */
export async function readIntents(journal: Session, fleet: string): Promise<Intent[]> {
  const intents = await rowsIfThere(journal, 'intent', () =>
    journal.query<Intent & Row>(
      `SELECT fleet, step, nonce, migration, protocol, participants FROM pgveneer.intent
        WHERE fleet = $1 ORDER BY at, step`,
      [fleet],
    ),
  );
  return intents ?? [];
}
