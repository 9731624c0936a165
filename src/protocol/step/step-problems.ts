import { EXIT, problemOf, VeneerError, type Problem } from '../../errors.js';
import { isLockConflict } from '../../postgres/sqlstate.js';
import { blockerText } from '../lane/blockers.js';
import { lockBound } from '../lane/budget.js';
import type { Crew } from '../lane/lane.js';
import type { Run } from '../run/run.js';
import type { Ending } from '../settlement/unsettled.js';

/** Who settles it, and what to type where nobody does. */
export const inDoubtHint = ({ hasWatchdog }: Pick<Run, 'hasWatchdog'>): string =>
  hasWatchdog
    ? 'the watchdog of this run goes on settling for two minutes; then, or where its host is gone, type migrate recover'
    : 'migrate recover, when all of its members are back';

/** Some of its members have committed, and the others have not. */
export const unevenProblem = ({ lost, behind }: Extract<Ending, { kind: 'committed' }>): Problem =>
  behind.length === 0 ? lostProblem(lost) : behindProblem(behind, lost);

/** Committed by some shards alone; `lost`: veneers that could not follow these alone. */
const behindProblem = (behind: readonly string[], lost: readonly string[]): Problem => ({
  message: `committed, but not on ${behind.join(', ')}: in lock-step shards commit one after the other`,
  ...(lost.length === 0 ? {} : { detail: `${lost.join(', ')} could not follow the others alone` }),
  exitCode: lost.length === 0 ? EXIT.partial : EXIT.inDoubt,
  hint: `type the same command again: it runs where it did not commit${lost.length === 0 ? '' : '; what a veneer still shows otherwise then is repaired by migrate sync'}`,
});

/** Committed, and members lost it: a failover without the last WAL. */
const lostProblem = (members: readonly string[]): Problem => ({
  message: `committed, but ${members.join(', ')} lost it: neither prepared nor committed there`,
  exitCode: EXIT.inDoubt,
  hint: 'a veneer is repaired by migrate sync; a shard has to be compared by hand with its ledger',
});

/** What bounds the wait for a lock, and what has to be raised for a longer one. */
interface WaitBound {
  readonly text: string;
  readonly raise: string;
}

/** rollout.lock_wait; or, where it is more than that allows, deadlock_timeout of the servers that have the least of it. */
function waitBound(crews: readonly Crew[], lockWaitMs: number): WaitBound {
  const sessions = crews.flatMap((crew) => crew.openSessions());
  const least = Math.min(...sessions.map(({ server }) => server.deadlockTimeoutMs));
  const bound = lockBound(lockWaitMs, { deadlockTimeoutMs: least });
  if (bound >= lockWaitMs) return { text: `${lockWaitMs} ms`, raise: 'rollout.lock_wait' };
  const short = sessions.filter(({ server }) => server.deadlockTimeoutMs === least);
  const members = [...new Set(short.map(({ member }) => member))].toSorted().join(', ');
  return {
    text: `${lockWaitMs} ms, cut to ${bound} ms to stay below the deadlock_timeout of ${least} ms of ${members}`,
    raise: `deadlock_timeout of ${members} (a longer rollout.lock_wait alone changes nothing)`,
  };
}

/** The problem of the last attempt; of a lock, with those who held it. */
export function problemFor(crews: readonly Crew[], error: unknown, attempts: number): Problem {
  const { lockWaitMs = 0 } = crews[0]?.run.config.rollout ?? {};
  if (!isLockConflict(error) || !(error instanceof VeneerError)) return problemOf(error);
  const blockers = crews
    .flatMap(({ blockers }) => blockers)
    .map(blockerText)
    .join('\n');
  const bound = waitBound(crews, lockWaitMs);
  return {
    ...problemOf(error),
    message: `a lock was not to be had within rollout.lock_wait (${bound.text}), in ${attempts === 1 ? 'the only attempt' : `each of ${attempts} attempts`}: ${error.message}`,
    detail: blockers === '' ? (error.facts.detail ?? '') : `blocked by\n${blockers}`,
    hint: `end that session, raise ${bound.raise}, or let the run end it: migrate up --terminate-blockers=5s`,
  };
}
