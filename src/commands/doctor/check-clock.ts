import type { Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { ok, warning } from './outcomes.js';

/** Milliseconds from which people who compare times would be led astray. */
const FAR = 5_000;

/** A server's clock against that of this machine. */
export interface ClockLook {
  /** Milliseconds that it is ahead. */
  readonly aheadMs: number;
  /** Milliseconds that the answer took: by half of it that may be wrong. */
  readonly tookMs: number;
}

/** Asks the server for the time. */
export async function readClock(session: Session): Promise<ClockLook> {
  const before = Date.now();
  const [row] = await session.query<{ now: number }>(
    'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS now',
  );
  const after = Date.now();
  return { aheadMs: (row?.now ?? before) - (before + after) / 2, tookMs: after - before };
}

/** Nothing is decided by clocks of several machines; ledger and history tell times by those of the servers. Pure. */
export function clockCheck({ aheadMs, tookMs }: ClockLook): DoctorCheck {
  const isFar = Math.abs(aheadMs) - tookMs / 2 > FAR;
  if (!isFar) return ok('clock', 'as on this machine');
  const text = `${Math.round(Math.abs(aheadMs) / 1000)} s ${aheadMs > 0 ? 'ahead of' : 'behind'} this machine`;
  return warning(
    'clock',
    `${text}: ledger and history tell times by it`,
    'have both follow a time server (NTP)',
  );
}
