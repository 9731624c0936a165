import type { VeneerConfig } from '../../config/config.js';
import { EXIT, problemOf, VeneerError } from '../../errors.js';
import { withSession, type Session } from '../../postgres/session.js';
import { readPrepared } from '../run/evidence.js';
import { readIntents } from '../run/journal.js';
import type { Run } from '../run/run.js';

/**
 * Throws (exit 22) where a veneer that is left out answers all the same, and holds something of an earlier step: nothing
 * in doubt is passed by that can be settled. Asked once the run has its locks: from then on no other run can begin one.
 *
 * Why one that does not answer may be passed by, once nothing in doubt was found anywhere else. What it has prepared was
 * committed by nobody: a participant that commits leaves evidence, and that is kept until the intent is gone. Nor will
 * anybody commit it, since the others, whose old sessions have ended, have not prepared it. So whoever has it back rolls
 * it back. An intent that it alone knows is then of an attempt of which nothing else is left.
 */
export async function askLeftOut(run: Run): Promise<void> {
  for (const veneer of run.config.leftOut) {
    const held = await heldBy(run, veneer);
    if (held > 0) throw holds(veneer.name);
  }
}

/** How much of earlier steps it holds; 0 where nobody answers for it. */
async function heldBy(
  { config, applicationName }: Run,
  { name, url, setRole }: VeneerConfig,
): Promise<number> {
  const address = { member: name, url, role: setRole, applicationName };
  try {
    return await withSession(address, (session) => countHeld(session, config.fleet));
  } catch (error) {
    if (problemOf(error).exitCode === EXIT.unreachable) return 0;
    throw error;
  }
}

/** A standby shows none of what its primary has prepared: it does not count as an answer. */
async function countHeld(session: Session, fleet: string): Promise<number> {
  if (session.server.inRecovery) return 0;
  const prepared = await readPrepared(session, fleet);
  return prepared.length + (await readIntents(session, fleet)).length;
}

const holds = (member: string): VeneerError =>
  new VeneerError(`${member} answers, and holds a part of an earlier step: it cannot be left out`, {
    exitCode: EXIT.inDoubt,
    where: { member },
    hint: 'migrate recover, which settles it',
  });
