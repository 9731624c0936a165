import { VeneerError, problemOf, type Problem } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import { refuseStandby } from '../../protocol/run/anchor.js';
import { refuseSharedBackend } from '../../protocol/run/settling-session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { missingHome } from '../setup/missing-home.js';
import { failed, failedBy, ok } from './outcomes.js';

/** A member that does not answer; where its database or role is missing, the SQL that makes them. Pure. */
export function unreachedCheck(member: Member, problem: Problem): DoctorCheck {
  const home = missingHome(member, problem);
  const other = problem.hint ?? 'bring it back, or correct its url in .env';
  const cure = home.length > 0 ? `as a superuser there: ${home.join('; ')}` : other;
  return failed('connection', problem.message, cure);
}

/**
 * Who works there, and what a run refuses in the same words: a standby, and a pooler in transaction mode, which is proved by two
 * connections that are one backend. A pooler that gave them two is not found out: nothing else tells it apart. `second`: the pid of another
 * connection; null: there is none.
 */
export function connectionCheck({ setRole }: Member, session: Session, second: number | null): DoctorCheck {
  try {
    refuseStandby(session);
    if (second !== null) refuseSharedBackend(session, second);
  } catch (error) {
    if (!(error instanceof VeneerError)) throw error;
    return failedBy('connection', problemOf(error));
  }
  const { user, database } = session.server;
  return ok('connection', `${setRole === null ? 'as' : 'as role'} ${user}, database ${database}`);
}
