import { textOf } from '../../errors.js';
import { answeredWithin } from '../../postgres/answered.js';
import { asSafeAsCommit } from '../../postgres/as-safe-as-commit.js';
import type { Row, Session } from '../../postgres/session.js';
import { evidenceOf } from '../run/evidence.js';
import { formatGid } from '../run/gid.js';
import type { Barred, Finding, LockStepFinding } from './settlement.js';
import type { DatabaseIdentity, SettledParticipant, Unsettled } from './unsettled.js';

/** What for: to say what would be done, which writes nothing; or to do it, on what no failover undoes. */
export type Looking = 'to tell' | 'to settle';

/** What became of each participant, as read from its own database. */
export const findAll = (unsettled: Unsettled, looking: Looking): Promise<Finding[]> =>
  Promise.all(
    unsettled.participants.map(async (participant): Promise<Finding> => {
      const { member } = participant;
      const found = await find(unsettled, participant, (session) =>
        safely(session, looking, readState(session, unsettled, participant)),
      );
      return { ...found, member };
    }),
  );

/** The same of an attempt in lock-step. */
export const findAllInLockStep = (unsettled: Unsettled, looking: Looking): Promise<LockStepFinding[]> =>
  Promise.all(
    unsettled.participants.map(async (participant): Promise<LockStepFinding> => {
      const { member, whole } = participant;
      const role = whole ? 'veneer' : participant.role;
      const found = await find(unsettled, participant, (session) =>
        safely(session, looking, readLockStepState(session, unsettled, participant)),
      );
      return { ...found, member, role };
    }),
  );

/** Others are committed for what is found prepared or committed here: not before it is safe. */
async function safely<Found extends { readonly state: string }>(
  session: Session,
  looking: Looking,
  read: Promise<Found>,
): Promise<Found> {
  const found = await read;
  if (looking === 'to settle' && found.state !== 'absent') await asSafeAsCommit(session);
  return found;
}

/** In which a server that is there tells what became of it, milliseconds. */
const READ_MS = 10_000;

/** What `read` tells of a participant, if its database is there to be read. */
async function find<Found>(
  { forgotten, sessionFor }: Unsettled,
  participant: SettledParticipant,
  read: (session: Session) => Promise<Found>,
): Promise<Found | { readonly state: 'absent' } | { readonly state: 'unreachable'; readonly why: string }> {
  try {
    if (forgotten.has(participant.member)) return { state: 'absent' };
    const session = await sessionFor(participant);
    const stranger = strangerAt(session, participant);
    if (stranger !== null) return { state: 'unreachable', why: stranger };
    return await answeredWithin(session, READ_MS, read(session));
  } catch (error) {
    return { state: 'unreachable', why: textOf(error) };
  }
}

/** Why the server that answers is not the one that took part, or null: a restored or promoted one decides nothing. */
function strangerAt(session: Session, { identity }: SettledParticipant): string | null {
  if (session.server.inRecovery) return 'a standby answers at its url';
  return identity === null || isSame(session, identity)
    ? null
    : 'another server or database answers at its url';
}

/** Is the database that answers the one that took part? A copy of it, as a standby is, says that it is the same. */
export const isSame = ({ server }: Session, identity: DatabaseIdentity): boolean =>
  server.systemIdentifier === identity.systemIdentifier && server.databaseOid === identity.databaseOid;

async function readState(
  session: Session,
  { id, n }: Unsettled,
  { index }: SettledParticipant,
): Promise<ReadState> {
  // Two statements in this order, each with a snapshot of its own: see settlement.ts.
  const gid = formatGid({ ...id, participant: index, n });
  const [prepared] = await session.query<PreparedBy>(PREPARED_BY, [gid]);
  if ((await evidenceOf(session, id, index, n)) !== null) return { state: 'committed' };
  if (prepared === undefined) return { state: 'absent' };
  return { state: 'prepared', ...(prepared.ours ? {} : { barred: prepared }) };
}

type ReadState =
  { readonly state: 'prepared'; readonly barred?: Barred } | { readonly state: 'committed' | 'absent' };

interface PreparedBy extends Row, Barred {
  readonly ours: boolean;
}

/** Who may settle it, as PostgreSQL decides that (LockGXact in twophase.c): its owner, and superusers. */
const PREPARED_BY = `
  SELECT coalesce(owner::text, 'a role that is gone') AS owner, current_user::text AS "user",
         coalesce(owner = current_user, false)
           OR (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) AS ours
    FROM pg_prepared_xacts WHERE gid = $1 AND database = current_database()`;

async function readLockStepState(
  session: Session,
  { id, n }: Unsettled,
  { index }: SettledParticipant,
): Promise<{ readonly state: 'committed' | 'followed' | 'absent' }> {
  return { state: (await evidenceOf(session, id, index, n)) ?? 'absent' };
}
