import type { SqlHook } from '../../config/hooks.js';
import { EXIT, VeneerError } from '../../errors.js';
import { PLAN_AS_CONFIGURED } from '../../postgres/hygiene.js';
import type { Session } from '../../postgres/session.js';
import type { HookLimit } from './hook-limit.js';
import { anchorOf, type Run } from '../run/run.js';
import { openSettling } from '../run/settling-session.js';

/**
 * Runs a hook's SQL on one member, in a session of its own: what it SETs, holds or leaves open ends with it. It is a
 * settling session for one reason alone: a newer run that finds this one dead ends it too, before it begins.
 */
export async function runSqlHook(
  run: Run,
  { sql }: SqlHook,
  member: string,
  { facts, limit }: { readonly facts: string; readonly limit: HookLimit },
): Promise<void> {
  const session = await openSettling(run, member);
  try {
    await session.query(`SELECT set_config('pgveneer.hook', $1, false)`, [facts]);
    await session.run(PLAN_AS_CONFIGURED.map((setting) => `SET ${setting}`).join('; '));
    await whileAllowed(run, session, limit, () => session.run(sql));
    if (session.status() !== 'I') throw leftOpen(member);
  } finally {
    await session.close();
  }
}

const leftOpen = (member: string): VeneerError =>
  new VeneerError('it left its transaction open, which was rolled back', {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'end it in the text, or leave BEGIN out: the whole text is one transaction',
  });

/** The session is ended, not its statement: SQL can catch a cancel, and go on. */
async function whileAllowed(
  run: Run,
  session: Session,
  { signal, reason }: HookLimit,
  work: () => Promise<unknown>,
): Promise<void> {
  const end = (): void => void endSession(run, session);
  if (signal.aborted) throw reason();
  signal.addEventListener('abort', end, { once: true });
  try {
    await work();
  } catch (error) {
    throw signal.aborted ? reason() : error;
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** By its server; where that cannot be asked, by closing the connection, which the server notices. */
async function endSession(run: Run, session: Session): Promise<void> {
  try {
    await anchorOf(run, session.member).asLogin('SELECT pg_terminate_backend($1)', [session.pid]);
  } catch {
    await session.close();
  }
}
