import { atMost } from '../../at-most.js';
import { EXIT, VeneerError } from '../../errors.js';
import { addressOf, type Member } from '../../fleet/member.js';
import { fenceAndJoin } from '../../postgres/settling-lock.js';
import { lockHolders, tryLock, type FleetKeys } from '../../postgres/fleet-keys.js';
import { RivalRun, takeOrphanedRunLock, tryToHold } from '../../postgres/run-lock.js';
import { openSession, type Session, type SessionOptions } from '../../postgres/session.js';

/** How a run opens its sessions. */
export type Opening = Pick<SessionOptions, 'applicationName' | 'holdMs' | 'settings' | 'connectTimeoutMs'>;

/** What a run holds of its fleet. */
export interface Held {
  readonly fleet: string;
  readonly keys: FleetKeys;
  /** The member whose lock decides which run has the fleet. */
  readonly first: string;
  /** Anchors that are there, by name of the member: those for the whole run, and those that a lane needs now. */
  readonly kept: ReadonlyMap<string, Session>;
  /** The members whose anchors come and go. */
  readonly parked: ReadonlyMap<string, unknown>;
  readonly opening: Opening;
  /** A veneer is left out: every anchor bears the mark of that. */
  readonly isPartial: boolean;
  /** Whose locks prove that no run has passed that leaves the first member out (`witnesses.ts`). */
  readonly witnesses: readonly (readonly string[])[];
}

/** Another run may have been at work: this one may win no lock again, and settles nothing more. */
export class ShutOut extends VeneerError {
  constructor(member: string, why: string) {
    super(`the connection to ${member} that held the fleet's lock is lost, and ${why}`, {
      exitCode: EXIT.unreachable,
      where: { member },
    });
  }
}

/** Milliseconds for an old session to end after it was told to. */
const END_MS = 15_000;

/**
 * Wins the lock of a member again whose anchor is lost, so that a cut connection or a server that restarted ends
 * neither the step nor its settling. Throws `ShutOut` where another run may have been there, exit 23 where the member
 * is away.
 *
 * Why no newer run is harmed. A run does nothing before it has taken the first member's lock, then the lock of every
 * other member that it reaches, ending whoever holds one, and has then read the journal, which is on the first
 * member.
 *
 * - A further member: while our own session holds the first one's lock no newer run can begin. That is asked of the
 *   first member's server before any session is ended, and again once the lock is won: had a newer run begun in
 *   between, the second question fails, and we let go of what it is about to take.
 * - The first member: a newer run that was there, and did anything, has ended our anchors on all others that it
 *   reached. So its lock is won, never taken from another run, and then every other anchor is asked. If all of them
 *   answer, no run has passed there. One that is still on its way there has lost the first member's lock to us and
 *   cannot read the journal any more: it ends, and what it has taken is won back as above.
 *
 * A run that leaves the first member out (`--without`) begins without its lock, and leaves no lock of ours alone that it
 * needs: it is told that another runner has the fleet. So where there may be such runs, the first member's lock does not
 * prove by itself that nobody was on a further member: another lock that every such run needs has to be ours still.
 * One that is met on a further member has passed, or is about to be told: nothing is taken from it.
 *
 * The anchors of databases that are connected when needed come and go in between, and prove nothing while they are away:
 * of the first member's witnesses one has to be there for the whole run (the first database of each server is), since such
 * ones every run takes before it does anything. Taking an anchor again that was parked is winning back that of a further
 * member: nothing of ours is there meanwhile, and a newer run that has been there has the first member's lock, or had it.
 *
 * Both then fence the member as a new run does. A run that lost the first member's lock while it was taking the
 * others, or one of our own sessions whose connection broke, may still hold the settling lock there; a session that
 * joins later looks for its run's anchor, does not find it, and gives up. Our own healthy sessions there end too, and
 * are replaced: an open transaction is rolled back, and what is prepared stays.
 */
export async function winBack(held: Held, member: Member, lost: Session): Promise<Session> {
  const { opening, keys } = held;
  void lost.close();
  const session = await openSession({ ...addressOf(member), ...opening });
  try {
    refuseStranger(session, lost);
    await markPartial(held, session);
    await (member.name === held.first ? winFirst(held, session) : takeFurther(held, session));
    await proveOurs(held, member.name);
    await fenceAndJoin(session, keys, END_MS);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

/**
 * Takes the lock of a further member while the first one's is ours, as is proved before any session is ended and once it is
 * won. Throws `ShutOut` where it is not.
 */
async function takeFurther(held: Held, session: Session): Promise<void> {
  const { fleet, keys, opening } = held;
  const isOurs = (): Promise<void> => proveOurs(held, session.member);
  await isOurs();
  try {
    await takeOrphanedRunLock(session, keys, { ...opening, fleet, timeoutMs: END_MS, isOurs });
  } catch (error) {
    throw error instanceof RivalRun ? new ShutOut(session.member, 'another run has taken it') : error;
  }
  await isOurs();
}

/**
 * Has a session hold the locks of a further member, as a new run does it, but only while the first one's is ours. One try comes first: it
 * ends nobody, so that one proof behind it is enough.
 */
export async function holdFurther(held: Held, session: Session): Promise<void> {
  const came = await tryToHold(session, held.keys);
  await (came === 'nothing' ? takeFurther(held, session) : proveOurs(held, session.member));
  if (came !== 'both') await fenceAndJoin(session, held.keys, END_MS);
}

/** Before the run lock is tried: who sees that this session holds it has to see the mark, too. */
export async function markPartial({ isPartial, keys }: Held, session: Session): Promise<void> {
  if (isPartial) await tryLock(session, keys.partial, 'shared');
}

/** Ends nobody but our own lost session, which its server may not have missed yet. */
async function winFirst({ keys, opening }: Held, session: Session): Promise<void> {
  const deadline = Date.now() + END_MS;
  const ours = opening.applicationName.slice(0, 63);
  while (!(await tryLock(session, keys.run, 'exclusive'))) {
    const holders = await lockHolders(session, keys.run);
    const stranger = holders.find((holder) => holder.application_name !== ours);
    if (stranger !== undefined || Date.now() > deadline)
      throw new ShutOut(session.member, 'another run has taken it');
    await session.asLogin('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [
      holders.map(({ pid }) => pid),
    ]);
  }
}

/** Of a further member: the first anchor lives, and no run without it has passed. Of the first: there are others, and all of them live. */
async function proveOurs(held: Held, member: string): Promise<void> {
  const { first, kept, parked } = held;
  const witnesses = [...kept].filter(([name]) => (member === first ? name !== first : name === first));
  if (witnesses.every(([name]) => parked.has(name)))
    throw new ShutOut(member, 'no other lock proves that no run was there since');
  await Promise.all(
    witnesses.map(async ([name, session]) => {
      if (!(await answers(session))) throw new ShutOut(member, `so is that to ${name}`);
    }),
  );
  if (member !== first && !(await isWitnessed(held, member)))
    throw new ShutOut(member, 'no other lock proves that no run was there since');
}

/** One of the lists is whole without the member. */
async function isWitnessed({ witnesses, kept }: Held, member: string): Promise<boolean> {
  if (witnesses.length === 0) return true;
  for (const names of witnesses.filter((list) => !list.includes(member))) {
    const sessions = names.flatMap((name) => kept.get(name) ?? []);
    if (sessions.length < names.length) continue;
    const lives = await Promise.all(sessions.map(answers));
    if (lives.every(Boolean)) return true;
  }
  return false;
}

/** Milliseconds in which a server says that a session of ours lives; silence is no proof. */
const ANSWER_MS = 5_000;

const answers = async (session: Session): Promise<boolean> =>
  !session.isLost() &&
  (await atMost(
    ANSWER_MS,
    session.query('SELECT').then(
      () => true,
      () => false,
    ),
  )) === true;

function refuseStranger({ member, server }: Session, { server: was }: Session): void {
  const same = server.systemIdentifier === was.systemIdentifier && server.databaseOid === was.databaseOid;
  if (same && !server.inRecovery) return;
  const what = same ? 'a standby' : 'another server or database';
  throw new VeneerError(`${what} answers at the url of ${member}`, {
    exitCode: EXIT.unreachable,
    where: { member },
    hint: 'point its url at the primary that the run began with',
  });
}
