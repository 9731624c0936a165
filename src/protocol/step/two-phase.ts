import { answeredWithin } from '../../postgres/answered.js';
import { literal } from '../../postgres/identifiers.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { AttemptEnd } from '../group/participant.js';
import { endWithEvidence } from '../run/evidence.js';
import { formatGid } from '../run/gid.js';
import type { Run } from '../run/run.js';
import { settlePrepared } from '../settlement/settle-attempt.js';
import type { Unsettled } from '../settlement/unsettled.js';

/**
 * PREPARE on all, each with its evidence, and after all voted yes COMMIT PREPARED: shards first, veneers last, so that
 * whoever comes through a veneer waits there until the shards are what its definitions say. Answers null, or what went
 * wrong: then it is for settlement to read what happened.
 */
export async function commitTwoPhase(run: Run, end: AttemptEnd, unsettled: Unsettled): Promise<unknown> {
  const refusal = await prepareAll(run, end);
  if (refusal !== null) return refusal;
  const late = await settlePrepared(unsettled, unsettled.participants, 'COMMIT');
  return late === null ? null : new Error(late);
}

/** A vote was no, or did not come: nobody has decided to commit, nor does anybody before all votes are read, and are yes. */
export class PrepareRefused extends Error {
  readonly member: string;

  constructor(member: string, cause: unknown) {
    super(`${member} refused to prepare`, { cause });
    this.member = member;
  }
}

/** What a vote is given at least, however much of lock_hold is used up, milliseconds. */
const LEAST_VOTE_MS = 2_000;

/** Null when all voted yes; else the first refusal, when every vote is in or its session is lost. */
async function prepareAll(
  run: Run,
  { id, participants, holdLeft }: AttemptEnd,
): Promise<PrepareRefused | null> {
  const votes = await Promise.all(
    participants.map(async ({ member, session }, index) => {
      const gid = { ...id, participant: index + 1, n: participants.length };
      await run.at(`before prepare:${member}`);
      try {
        const vote = endWithEvidence(session, gid, `PREPARE TRANSACTION ${literal(formatGid(gid))}`);
        await answeredWithin(session, Math.max(LEAST_VOTE_MS, holdLeft()), vote);
      } catch (error) {
        return new PrepareRefused(member, error);
      }
      await run.at(`after prepare:${member}`);
      return null;
    }),
  );
  await Promise.all(participants.map(({ session }) => rollbackQuietly(session)));
  return votes.find((vote) => vote !== null) ?? null;
}
