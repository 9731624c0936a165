import { allDone } from '../../postgres/all-done.js';
import { fleetKeys, lockHolders } from '../../postgres/fleet-keys.js';
import type { Row, Session } from '../../postgres/session.js';
import { inOneGo } from '../../postgres/transaction.js';
import { readPrepared, type PreparedTransaction } from '../../protocol/run/evidence.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { failed, ok, warning } from './outcomes.js';

/** Seconds after which what others have prepared is told: a transaction manager settles within seconds. */
const OLD = 600;

/** What is prepared in the database of a member. */
export interface LeftLook {
  readonly ours: readonly PreparedTransaction[];
  readonly others: readonly Prepared[];
  /** A run holds the fleet's lock there. */
  readonly isAtWork: boolean;
}

interface Prepared extends Row {
  readonly gid: string;
  readonly owner: string;
  /** Seconds since it was prepared. */
  readonly age: number;
}

/** Whether a run is at work is asked before and after: it may begin or end while this is read. */
export async function readLeft(session: Session, fleet: string): Promise<LeftLook> {
  const runners = () => lockHolders(session, fleetKeys(fleet).run);
  const [before, ours, all, after] = await inOneGo(session, () =>
    allDone([runners(), readPrepared(session, fleet), session.prepared<Prepared>(PREPARED), runners()]),
  );
  const own = new Set(ours.map(({ gid }) => gid));
  const isAtWork = before.length + after.length > 0;
  return { ours, others: all.filter(({ gid }) => !own.has(gid)), isAtWork };
}

const PREPARED = `
  SELECT gid, owner::text, extract(epoch FROM clock_timestamp() - prepared)::float8 AS age
    FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared`;

/** Is a step in doubt there: prepared, with nobody at work who would settle it? Pure. */
export const isInDoubt = ({ ours, isAtWork }: LeftLook): boolean => ours.length > 0 && !isAtWork;

/** Whatever stays prepared keeps its locks and a slot, and VACUUM from removing rows that died since. Pure. */
export function leftCheck(look: LeftLook): DoctorCheck {
  const { ours, others } = look;
  if (isInDoubt(look))
    return failed(
      'left prepared',
      `${ours.length} of this fleet, prepared and not settled: tables wait for it`,
      'migrate recover',
    );
  const [oldest] = others;
  if (oldest !== undefined && oldest.age > OLD)
    return warning(
      'left prepared',
      `${others.length} of others, since ${Math.floor(oldest.age / 60)} min (${oldest.gid}, by ${oldest.owner}): its locks stay, and VACUUM removes nothing that died since`,
      `ask who prepared it; COMMIT PREPARED or ROLLBACK PREPARED ends it, as ${oldest.owner} or a superuser in that database`,
    );
  if (ours.length > 0) return ok('left prepared', `${ours.length} of a run that is at work`);
  return ok(
    'left prepared',
    others.length === 0 ? 'nothing' : `${others.length} of others, not for long yet`,
  );
}
