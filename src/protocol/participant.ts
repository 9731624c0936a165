import type { Session } from '../postgres/session.js';
import type { AttemptId } from './gid.js';
import type { Protocol } from './journal.js';

/** A member with an open transaction in which an attempt's work is done and all that is left is to commit. */
export interface Participant {
  readonly member: string;
  readonly role: 'shard' | 'veneer';
  readonly session: Session;
  /** On a veneer: what was executed. */
  readonly statements: readonly string[];
  /** A session in place of this one when it broke, once the old one has ended. */
  readonly replace: () => Promise<Session>;
  /** The transaction that the work began in, where that has to be the one that commits. */
  readonly xid: string | null;
}

export interface AttemptEnd {
  readonly id: AttemptId;
  readonly migration: string | null;
  readonly participants: readonly Participant[];
  readonly protocol: Protocol;
}
