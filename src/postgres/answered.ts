import { atMost } from '../at-most.js';
import { EXIT, VeneerError } from '../errors.js';
import type { Session } from './session.js';

/**
 * The answer to what a session has been asked, waited for no longer than so many milliseconds. A host that stands still, or a network
 * that drops everything, gives none, and TCP alone would have us wait for a quarter of an hour. Throws (exit 23) then, and
 * the session is left: whether what was asked takes effect is known when it has ended on its server, and not before.
 */
export async function answeredWithin<T>(session: Session, ms: number, asked: Promise<T>): Promise<T> {
  const answered = await atMost(
    ms,
    asked.then((value) => ({ value })),
  );
  if (answered !== undefined) return answered.value;
  await session.close();
  throw new VeneerError(`${session.member} did not answer within ${Math.round(ms)} ms`, {
    exitCode: EXIT.unreachable,
    where: { member: session.member },
  });
}
