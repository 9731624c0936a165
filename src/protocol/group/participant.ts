import type { Role } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import type { AttemptId } from '../run/gid.js';
import type { Protocol, StepStatement } from '../run/journal.js';

/** A member with an open transaction in which an attempt's work is done and all that is left is to commit. */
export interface Participant {
  readonly member: string;
  /** Its part in this attempt: a member in both roles may take part in one of them. */
  readonly role: Role;
  readonly session: Session;
  /** What was executed to align it as a veneer, for all shards of the group. */
  readonly statements: readonly StepStatement[];
  /** The statements are all that it did, although it may be a shard as well: a migration of the veneers. */
  readonly whole?: boolean;
  /** A session in place of this one when it broke, once the old one has ended. */
  readonly replace: () => Promise<Session>;
  /** The id of its transaction (xid8) where the work has asked for it, and seen that it was still the same behind it. */
  readonly xid: string | null;
}

/** A statement that follows no shard in particular. */
export const ofNobody = (sql: string): StepStatement => ({ sql, follows: null });

/** What has been done in an attempt, all of it open, and how it is to be committed. */
export interface AttemptEnd {
  readonly id: AttemptId;
  readonly migration: string | null;
  readonly participants: readonly Participant[];
  readonly protocol: Protocol;
  /** Milliseconds of lock_hold that are left; everybody votes within them. */
  readonly holdLeft: () => number;
}

/**
 * In which order what was decided is carried out (PROTOCOL section 5): shards first, veneers last, so that whoever
 * comes through a veneer waits there until the shards are what its definitions say. Between databases that are both
 * no order is better than another; what may then be seen is refused before the vote (PROTOCOL section 10).
 */
export const COMMIT_ORDER: readonly Role[] = ['shard', 'shard+veneer', 'veneer'];

/** To sort participants by {@link COMMIT_ORDER}. */
export const inCommitOrder = (a: Pick<Participant, 'role'>, b: Pick<Participant, 'role'>): number =>
  COMMIT_ORDER.indexOf(a.role) - COMMIT_ORDER.indexOf(b.role);
