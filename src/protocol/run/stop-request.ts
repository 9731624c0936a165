import { fleetKeys, lockHolders } from '../../postgres/fleet-keys.js';
import type { Session } from '../../postgres/session.js';
import { version } from '../../version.js';

/**
 * `migrate stop` asks by a row in pgveneer.history, addressed to the run that holds the lock at that moment: no later
 * run can be meant by it, and nobody who may not write there can ask. The run looks for it twice a second. LISTEN would
 * be quicker, but anybody who can connect may NOTIFY, and what is said while a connection is replaced is lost.
 */
const LOOK_MS = 500;

/** The command that holds a fleet's run lock. */
export interface Runner {
  /** Null where the session that holds the lock does not look like one of pg-veneer. */
  readonly run: string | null;
  readonly command: string | null;
  /** user@host, cut where PostgreSQL cuts application_name. */
  readonly who: string | null;
  readonly pid: number;
  readonly client: string | null;
  /** ISO timestamp; null where this role may not see it. */
  readonly since: string | null;
}

/** Who holds the fleet's run lock on this member, as application_name tells (FORMATS.md); null: nobody. */
export async function readRunner(session: Session, fleet: string): Promise<Runner | null> {
  const [holder] = await lockHolders(session, fleetKeys(fleet).run);
  if (holder === undefined) return null;
  const { pid, client, since, application_name } = holder;
  const [, run = null, command = null, who = null] =
    /^pgv ([0-9a-z]+-[0-9a-f]{8}) (\S+)(?: (.*))?$/s.exec(application_name ?? '') ?? [];
  return { run, command, who, pid, client, since };
}

/** Asks a run to end. */
export async function askToStop(session: Session, fleet: string, run: string, who: string): Promise<void> {
  await session.query(
    `INSERT INTO pgveneer.history (fleet, run, event, who, client, version)
     VALUES ($1, $2, 'stop asked', $3, host(inet_client_addr()), $4)`,
    [fleet, run, who, version()],
  );
}

/** Who was the first to ask this run to end; null: nobody. */
export async function readStopRequest(session: Session, fleet: string, run: string): Promise<string | null> {
  const [asked] = await session.query<{ who: string }>(
    `SELECT who FROM pgveneer.history WHERE fleet = $1 AND run = $2 AND event = 'stop asked' ORDER BY id LIMIT 1`,
    [fleet, run],
  );
  return asked?.who ?? null;
}

/** A run that looks whether it is asked to end. */
export interface StopWatch {
  /** Aborts when it is. */
  readonly signal: AbortSignal;
  askedBy(): string | null;
  end(): void;
}

/** Looks until the run is asked or `end` is called; `look` never throws. */
export function watchForStop(look: () => Promise<string | null>, onAsked: (who: string) => void): StopWatch {
  const controller = new AbortController();
  let asked: string | null = null;
  let looking = false;
  let open = true;
  const lookOnce = async (): Promise<void> => {
    if (looking) return;
    looking = true;
    const who = await look();
    looking = false;
    if (who === null || asked !== null || !open) return;
    asked = who;
    clearInterval(timer);
    onAsked(who);
    controller.abort();
  };
  const timer = setInterval(() => void lookOnce(), LOOK_MS);
  const end = (): void => {
    open = false;
    clearInterval(timer);
  };
  return { signal: controller.signal, askedBy: () => asked, end };
}
