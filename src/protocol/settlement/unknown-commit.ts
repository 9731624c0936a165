import { setTimeout as delay } from 'node:timers/promises';
import { textOf } from '../../errors.js';
import { addressOf, memberNamed } from '../../fleet/member.js';
import { openSession, type Session } from '../../postgres/session.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import { evidenceOf } from '../run/evidence.js';
import type { AttemptId } from '../run/gid.js';
import type { Participant } from '../group/participant.js';
import type { Run } from '../run/run.js';
import type { Ending } from './unsettled.js';

/** How long (milliseconds) a server is waited for that was to commit alone, and its old session told to end. */
const PATIENCE_MS = 30_000;
const AGAIN_MS = 100;

/**
 * What became of a COMMIT on one server whose answer was lost, together with the run's locks. Nothing of it is in doubt,
 * it is only not known here, and reading needs no lock: once the old session has ended, the outcome is final. Answers
 * `in doubt` where it cannot be read.
 */
export async function readUnknownCommit(
  run: Run,
  participant: Participant,
  commit: { readonly id: AttemptId; readonly xid: string },
): Promise<Ending> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await readOn(run, participant, commit);
    } catch (error) {
      if (Date.now() > deadline || run.signal.aborted) return { kind: 'in doubt', why: textOf(error) };
    }
    await delay(AGAIN_MS, undefined, { signal: run.signal }).catch(() => undefined);
  }
}

async function readOn(
  { config, applicationName }: Run,
  { member, session: old }: Participant,
  { id, xid }: { readonly id: AttemptId; readonly xid: string },
): Promise<Ending> {
  const session = await openSession({
    ...addressOf(memberNamed(config, member)),
    applicationName: `${applicationName} reading`,
    holdMs: config.rollout.lockHoldMs,
  });
  try {
    refuseOther(session, old);
    await endOld(session, old, applicationName.slice(0, 63));
    // It was the only participant.
    if ((await evidenceOf(session, id, 1, 1)) !== null) return { kind: 'committed', lost: [], behind: [] };
    // A newer run may have cleared the evidence; and an id that no WAL told of may have been given to another since.
    if ((await statusOf(session, xid)) !== 'committed') return { kind: 'rolled back' };
    return {
      kind: 'in doubt',
      why: `${member} has no evidence of it; its ledger says whether it is applied`,
    };
  } finally {
    await session.close();
  }
}

function refuseOther({ member, server }: Session, { server: was }: Session): void {
  const same = server.systemIdentifier === was.systemIdentifier && server.databaseOid === was.databaseOid;
  if (!same || server.inRecovery) throw new Error(`another server answers at the url of ${member}`);
}

async function endOld(session: Session, { pid }: Session, name: string): Promise<void> {
  const old = await session.asLogin(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = $1 AND application_name = $2',
    [pid, name],
  );
  if (old.length > 0) throw new Error(`the old session on ${session.member} has not ended`);
}

/** Null where the server has forgotten it, or has not given it out: https://www.postgresql.org/docs/current/functions-info.html */
async function statusOf(session: Session, xid: string): Promise<string | null> {
  try {
    const [row] = await session.query<{ status: string | null }>(
      'SELECT pg_xact_status($1::xid8) AS status',
      [xid],
    );
    return row?.status ?? null;
  } catch (error) {
    // "transaction ID … is in the future": a crash took it before any WAL of it was written.
    if (fieldOf(fieldOf(error, 'facts'), 'sqlstate') === '22023') return null;
    throw error;
  }
}
