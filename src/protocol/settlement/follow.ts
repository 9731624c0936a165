import { textOf } from '../../errors.js';
import { MemberError } from '../../postgres/member-error.js';
import { isCatalogCollision, isLockConflict, sqlstateOf } from '../../postgres/sqlstate.js';
import { backoff } from '../lane/backoff.js';
import { followedIndex } from '../run/evidence.js';
import { replay } from './lock-step.js';
import type { LockStepDecision } from './settlement.js';
import type { SettledParticipant, Unsettled } from './unsettled.js';

/** That an attempt in lock-step is to be brought to its end. */
export type Finish = Extract<LockStepDecision, { kind: 'finish' }>;

/** Who has to follow, and can. */
export const replaying = (
  { participants, forgotten }: Unsettled,
  { replay: members }: Finish,
): SettledParticipant[] =>
  participants.filter(({ member }) => members.includes(member) && !forgotten.has(member));

/**
 * What a veneer has to do again: where shards are behind what follows the others alone. Null: something of it follows them all,
 * a type or a view over all tenants, and would be right for none of them.
 */
export function statementsOf(
  { statements }: SettledParticipant,
  { committed, behind }: Finish,
): readonly string[] | null {
  if (behind.length > 0 && statements.some(({ follows }) => follows === null)) return null;
  return statements
    .filter(({ follows }) => follows === null || committed.includes(follows))
    .map(({ sql }) => sql);
}

/** A replay that may go through later: a lock was not to be had, say, or the connection was lost. */
export class Hindered extends Error {}

/** The hint where a replay could not go through for now. */
export const HINDERED =
  'migrate recover, when nothing is in the way any more (a session that holds a lock there, say)';

/** Tries until it went through, cannot, or is not to be tried again for now. */
export async function replayOn(
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
