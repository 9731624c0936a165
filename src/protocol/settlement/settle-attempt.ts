import { setTimeout as delay } from 'node:timers/promises';
import { textOf } from '../../errors.js';
import type { Role } from '../../fleet/member.js';
import { literal } from '../../postgres/identifiers.js';
import { MemberError } from '../../postgres/member-error.js';
import { isCatalogCollision, isLockConflict, sqlstateOf } from '../../postgres/sqlstate.js';
import type { ServerFacts } from '../../postgres/server-facts.js';
import type { Row, Session } from '../../postgres/session.js';
import { endTransaction } from '../../postgres/transaction.js';
import { evidenceOf, followedIndex } from '../run/evidence.js';
import { formatGid, type AttemptId } from '../run/gid.js';
import type { AtPoint, Run } from '../run/run.js';
import type { Protocol, StepStatement } from '../run/journal.js';
import { backoff } from '../lane/backoff.js';
import { replay } from './lock-step.js';
import { COMMIT_ORDER } from '../group/participant.js';
import {
  decide,
  decideLockStep,
  type Barred,
  type Finding,
  type LockStepDecision,
  type LockStepFinding,
} from './settlement.js';

/** Which database it is, whatever its name and url. */
type DatabaseIdentity = Pick<ServerFacts, 'systemIdentifier' | 'databaseOid'>;

/** A database that took part, as far as it is known. */
export interface SettledParticipant {
  readonly member: string;
  readonly role: Role;
  /** 1 … n, as in its gid. */
  readonly index: number;
  /** Null where only a prepared transaction or evidence told of it, and no intent. */
  readonly identity: DatabaseIdentity | null;
  /** What lock-step replays. */
  readonly statements: readonly StepStatement[];
  /** These are all that it did, whatever its role is. */
  readonly whole: boolean;
}

/** An attempt whose fate is to be brought to an end. */
export interface Unsettled {
  readonly id: AttemptId;
  readonly n: number;
  readonly participants: readonly SettledParticipant[];
  readonly intentKnown: boolean;
  readonly protocol: Protocol;
  /**
   * A session that may settle for this participant; throws where there is none to be had. Where the participant's
   * own session broke, not before that one has ended on its server.
   */
  readonly sessionFor: (participant: SettledParticipant) => Promise<Session>;
  readonly at: AtPoint;
  /** Members that are lost for good, so the user says: they hold nothing that could decide or be decided. */
  readonly forgotten: ReadonlySet<string>;
  readonly patience: Patience;
}

/** How long a replay in lock-step waits for a lock (milliseconds), and how often and until when it is tried again. */
export interface Patience {
  readonly lockWaitMs: number;
  readonly retries: number;
  readonly signal: AbortSignal;
}

/** As a step of the run has it. */
export const patienceOf = ({ config, signal }: Pick<Run, 'config' | 'signal'>): Patience => ({
  lockWaitMs: config.rollout.lockWaitMs,
  retries: config.rollout.retries,
  signal,
});

export type Ending =
  /**
   * `lost`: members that answered and had neither prepared nor committed it (a failover without the WAL), and veneers that
   * could not follow. `behind`: shards that did not commit though another did, which is how lock-step may end.
   */
  | { readonly kind: 'committed'; readonly lost: readonly string[]; readonly behind: readonly string[] }
  | { readonly kind: 'rolled back' }
  /** `hint`: what to do about it, where that is more than to bring its members back. */
  | { readonly kind: 'in doubt'; readonly why: string; readonly hint?: string };

/**
 * Reads, decides and acts until the attempt is settled or the deadline has passed: its tables wait for us
 * meanwhile, so a member that comes back soon is worth waiting for. `deadlineMs` 0, or hopeless: one pass.
 */
export async function settleAttempt(
  unsettled: Unsettled,
  deadlineMs: number,
  isHopeless: () => boolean = () => false,
): Promise<Ending> {
  const deadline = Date.now() + deadlineMs;
  for (;;) {
    const ending = await settleOnce(unsettled);
    if (ending.kind !== 'in doubt' || Date.now() >= deadline || isHopeless()) return ending;
    await delay(100);
  }
}

async function settleOnce(unsettled: Unsettled): Promise<Ending> {
  if (unsettled.protocol === 'lock-step') return settleLockStep(unsettled);
  const findings = await findAll(unsettled);
  const decision = decide(unsettled.n, findings, unsettled.intentKnown);
  if (decision.kind === 'leave') return { ...decision, kind: 'in doubt' };
  const prepared = unsettled.participants.filter((_, index) => findings[index]?.state === 'prepared');
  const verb = decision.kind === 'commit' ? 'COMMIT' : 'ROLLBACK';
  const failed = await settlePrepared(unsettled, prepared, verb);
  if (failed !== null) return { kind: 'in doubt', why: failed };
  if (decision.kind === 'roll back') return { kind: 'rolled back' };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  return { kind: 'committed', lost: notForgotten(unsettled, decision.lost), behind: [] };
}

async function settleLockStep(unsettled: Unsettled): Promise<Ending> {
  const decision = decideLockStep(await findAllInLockStep(unsettled));
  if (decision.kind === 'leave') return { kind: 'in doubt', why: decision.why };
  if (decision.kind === 'roll back') return { kind: 'rolled back' };
  const lost = notForgotten(unsettled, decision.lost);
  const hindered: string[] = [];
  for (const participant of replaying(unsettled, decision)) {
    const statements = statementsOf(participant, decision);
    const end = statements === null ? 'unfit' : await replayOn(unsettled, participant, statements);
    // The others follow all the same: nothing is in their way.
    if (end instanceof Hindered) hindered.push(end.message);
    // Its statements no longer fit: the shard has committed, so the veneer is drift now, and sync repairs it.
    if (end === 'unfit') lost.push(participant.member);
  }
  if (hindered.length > 0) return { kind: 'in doubt', why: hindered.join('; '), hint: HINDERED };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  return { kind: 'committed', lost, behind: notForgotten(unsettled, decision.behind) };
}

type Finish = Extract<LockStepDecision, { kind: 'finish' }>;

const replaying = (
  { participants, forgotten }: Unsettled,
  { replay: members }: Finish,
): SettledParticipant[] =>
  participants.filter(({ member }) => members.includes(member) && !forgotten.has(member));

/**
 * What a veneer has to do again: where shards are behind what follows the others alone. Null: something of it follows them all,
 * a type or a view over all tenants, and would be right for none of them.
 */
function statementsOf(
  { statements }: SettledParticipant,
  { committed, behind }: Finish,
): readonly string[] | null {
  if (behind.length > 0 && statements.some(({ follows }) => follows === null)) return null;
  return statements
    .filter(({ follows }) => follows === null || committed.includes(follows))
    .map(({ sql }) => sql);
}

/** A replay that may go through later: a lock was not to be had, say, or the connection was lost. */
class Hindered extends Error {}

const HINDERED =
  'migrate recover, when nothing is in the way any more (a session that holds a lock there, say)';

/** Tries until it went through, cannot, or is not to be tried again for now. */
async function replayOn(
  unsettled: Unsettled,
  participant: SettledParticipant,
  statements: readonly string[],
): Promise<'done' | 'unfit' | Hindered> {
  const { id, n, sessionFor, at, patience } = unsettled;
  const { member, index } = participant;
  const evidence = { ...id, participant: followedIndex(index, n), n };
  for (let tries = 1; ; tries++) {
    try {
      await at(`before replay:${member}`);
      await replay(await sessionFor(participant), evidence, statements, patience.lockWaitMs);
      await at(`after replay:${member}`);
      return 'done';
    } catch (error) {
      const isOver = tries > patience.retries;
      // What is there again and again is no collision: somebody has made it, and the statements no longer fit.
      if (!mayPass(error) || (isOver && isCatalogCollision(error))) return 'unfit';
      if (isLost(error) || isOver || patience.signal.aborted)
        return new Hindered(`${member} could not follow: ${textOf(error)}`);
    }
    await backoff(tries, patience.signal);
  }
}

const isLost = (error: unknown): boolean => !(error instanceof MemberError) || error.connectionLost;

/**
 * Nothing that the statements are to blame for: locks, collisions in the catalogs, a server short of something (class 53), somebody who
 * cancelled or shut it down (57), a disk (58). Taken for statements that no longer fit they would leave the veneer to `sync`.
 */
const mayPass = (error: unknown): boolean =>
  isLost(error) ||
  isLockConflict(error) ||
  isCatalogCollision(error) ||
  /^5[378]/.test(sqlstateOf(error) ?? '');

/** What settlement would do, read without doing it. */
export async function foresee(unsettled: Unsettled): Promise<Ending> {
  const decision =
    unsettled.protocol === 'lock-step'
      ? decideLockStep(await findAllInLockStep(unsettled))
      : decide(unsettled.n, await findAll(unsettled), unsettled.intentKnown);
  if (decision.kind === 'leave') return { ...decision, kind: 'in doubt' };
  if (decision.kind === 'roll back') return { kind: 'rolled back' };
  if (decision.waiting.length > 0) return waitingFor(decision.waiting);
  const { lost } = decision;
  if (decision.kind === 'commit')
    return { kind: 'committed', lost: notForgotten(unsettled, lost), behind: [] };
  const unfit = replaying(unsettled, decision).filter((one) => statementsOf(one, decision) === null);
  return {
    kind: 'committed',
    lost: [...notForgotten(unsettled, lost), ...unfit.map(({ member }) => member)],
    behind: notForgotten(unsettled, decision.behind),
  };
}

const waitingFor = (members: readonly string[]): Ending => ({
  kind: 'in doubt',
  why: `committed, but ${members.join(', ')} cannot be reached`,
});

const notForgotten = ({ forgotten }: Unsettled, members: readonly string[]): string[] =>
  members.filter((member) => !forgotten.has(member));

const findAll = (unsettled: Unsettled): Promise<Finding[]> =>
  Promise.all(
    unsettled.participants.map(async (participant): Promise<Finding> => {
      const { member } = participant;
      const found = await find(unsettled, participant, (session) =>
        readState(session, unsettled, participant),
      );
      return { ...found, member };
    }),
  );

const findAllInLockStep = (unsettled: Unsettled): Promise<LockStepFinding[]> =>
  Promise.all(
    unsettled.participants.map(async (participant): Promise<LockStepFinding> => {
      const { member, whole } = participant;
      const role = whole ? 'veneer' : participant.role;
      const found = await find(unsettled, participant, (session) =>
        readLockStepState(session, unsettled, participant),
      );
      return { ...found, member, role };
    }),
  );

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
    return stranger === null ? await read(session) : { state: 'unreachable', why: stranger };
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

/**
 * COMMIT PREPARED goes to the shards first: a veneer keeps its locks, and its readers waiting, until every shard
 * has what its definitions say. Answers the first failure, or null.
 */
export async function settlePrepared(
  { id, n, sessionFor, at }: Pick<Unsettled, 'id' | 'n' | 'sessionFor' | 'at'>,
  prepared: readonly SettledParticipant[],
  verb: 'COMMIT' | 'ROLLBACK',
): Promise<string | null> {
  const settle = async (participant: SettledParticipant): Promise<void> => {
    const { member } = participant;
    const gid = literal(formatGid({ ...id, participant: participant.index, n }));
    await at(`before ${verb.toLowerCase()} prepared:${member}`);
    await endTransaction(await sessionFor(participant), `${verb} PREPARED ${gid}`);
    await at(`after ${verb.toLowerCase()} prepared:${member}`);
  };
  for (const role of COMMIT_ORDER) {
    const results = await Promise.allSettled(prepared.filter((p) => p.role === role).map(settle));
    const failure = results.find((result) => result.status === 'rejected');
    if (failure !== undefined) return textOf(failure.reason);
  }
  return null;
}
