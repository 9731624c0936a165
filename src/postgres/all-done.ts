import { isState, SQLSTATE } from './sqlstate.js';

/**
 * The answers of all, once all have ended, so that none of them outlives a rollback. Throws the first failure in their order but
 * for what a broken transaction says: what is asked together over one connection fails as soon as one of them has broken its
 * transaction, and whose failure is heard of first is a race.
 */
export async function allDone<const P extends readonly Promise<unknown>[]>(
  works: P,
): Promise<{ -readonly [K in keyof P]: Awaited<P[K]> }> {
  const results = await Promise.allSettled(works);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result] : []));
  const cause = failures.find(({ reason }) => !isState(reason, SQLSTATE.inFailedTransaction)) ?? failures[0];
  if (cause !== undefined) throw cause.reason;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : [])) as {
    -readonly [K in keyof P]: Awaited<P[K]>;
  };
}
