import { setTimeout as delay } from 'node:timers/promises';
import { EXIT, problemOf } from '../../errors.js';
import { answeredWithin } from '../../postgres/answered.js';
import { veneerMembers } from '../../fleet/member.js';
import type { Crew } from './lane.js';
import type { Run } from '../run/run.js';

/** A server that restarts is back within this time (milliseconds), or the step fails. */
const RETURN_MS = 30_000;
const AGAIN_MS = 100;

/** In which a member that is back says so, also behind what other lanes ask its anchor (milliseconds). */
const ANSWER_MS = 15_000;

/** A step failed since a connection was lost or could not be made; nothing of it was committed. */
export const isAway = (error: unknown): boolean => problemOf(error).exitCode === EXIT.unreachable;

/** Waits until every member of these crews answers and its lock is ours again. False where that does not come about. */
export async function membersReturn(run: Run, crews: readonly Crew[]): Promise<boolean> {
  const shards = run.config.shards.filter(({ name }) => crews.some((crew) => crew.name === name));
  const members = [...veneerMembers(run.config), ...shards].map(({ name }) => name);
  const deadline = Date.now() + RETURN_MS;
  while (!run.signal.aborted && !run.isShutOut()) {
    const missing = await firstAway(run, members);
    if (missing === null) return true;
    if (Date.now() > deadline || !isAway(missing)) return false;
    await delay(AGAIN_MS, undefined, { signal: run.signal }).catch(() => undefined);
  }
  return false;
}

async function firstAway(run: Run, members: readonly string[]): Promise<unknown> {
  try {
    for (const member of members) {
      const anchor = await run.live(member);
      await answeredWithin(anchor, ANSWER_MS, anchor.query('SELECT'));
    }
    return null;
  } catch (error) {
    return error;
  }
}
