import { randomBytes } from 'node:crypto';
import type { Config } from '../config/config.js';
import { EXIT, problemOf, VeneerError, type Problem } from '../errors.js';
import { claimDatabase, type KnownDatabases } from '../fleet/identity.js';
import { shardMembers, veneerMembers, type Member } from '../fleet/member.js';
import {
  fenceOldSessions,
  fleetKeys,
  takeOrphanedRunLock,
  takeRunLock,
  tryLock,
  type FleetKeys,
} from '../postgres/fleet-lock.js';
import { openSession, type Session } from '../postgres/session.js';
import type { OnProgress } from '../report/progress.js';
import type { ProtocolChoice } from './journal.js';

/** One command that changes the fleet, from taking its lock to letting it go. */
export interface Run {
  /** Sorts by time: it begins every step's name and application_name. */
  readonly id: string;
  /** The word after `migrate`. */
  readonly command: string;
  readonly config: Config;
  readonly keys: FleetKeys;
  /** The run's first connection to each member that answered; it holds the run lock there, and reads. */
  readonly anchors: ReadonlyMap<string, Session>;
  readonly unreachable: ReadonlyMap<string, Problem>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly at: AtPoint;
  /** user@host of whoever started it. */
  readonly who: string;
  readonly applicationName: string;
  /** Has to be awaited before anything is prepared: from then on a dead runner leaves readers waiting. */
  readonly guard: () => Promise<void>;
  readonly protocol: ProtocolChoice;
  /** Milliseconds after which a session that blocks a step is ended; null: never. */
  readonly terminateBlockersMs: number | null;
}

/** Answers how to send it home when the run has come to its end. */
export type StartWatchdog = () => Promise<() => void>;

/** Called at each named point of the protocol; crash tests end the process there. */
export type AtPoint = (point: string) => Promise<void>;

export interface RunOptions {
  readonly command: string;
  /** user@host, for people who look at pg_stat_activity. */
  readonly who: string;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly at: AtPoint;
  /** Starts the process that settles when this one dies; left out: there is none. */
  readonly startWatchdog?: StartWatchdog;
  readonly terminateBlockersMs?: number | null;
  /** Default: auto. */
  readonly protocol?: ProtocolChoice;
}

/** Sessions of an earlier run get this long (milliseconds) to end after they were told to. */
const FENCE_TIMEOUT_MS = 15_000;

/**
 * Takes the fleet's lock, borrows the run to `work`, and lets go. The veneers' locks come first, in the order of
 * their names, so that of two runners one gets all and the other is told at once (exit 30); a veneer that cannot
 * be reached ends the run (exit 23), a shard that cannot is listed in `unreachable`.
 */
export async function withRun<T>(
  config: Config,
  options: RunOptions,
  work: (run: Run) => Promise<T>,
): Promise<T> {
  const id = newRunId();
  const applicationName = `pgv ${id} ${options.command} ${options.who}`;
  const keys = fleetKeys(config.fleet);
  const anchors = new Map<string, Session>();
  const unreachable = new Map<string, Problem>();
  const databases: KnownDatabases = new Map();
  const watchdog = lazyWatchdog(options.startWatchdog);
  const anchor = async (member: Member): Promise<void> => {
    const first = member.name === journalMember(config);
    const takeLock = (session: Session): Promise<void> =>
      first ? takeRunLock(session, keys, config.fleet) : takeOrphanedRunLock(session, keys, FENCE_TIMEOUT_MS);
    anchors.set(member.name, await openAnchor(member, applicationName, keys, databases, takeLock));
  };
  try {
    for (const veneer of veneerMembers(config)) await anchor(veneer);
    await Promise.all(
      shardMembers(config).map((shard) =>
        anchor(shard).catch((error: unknown) => {
          const problem = problemOf(error);
          if (problem.exitCode !== EXIT.unreachable) throw error;
          unreachable.set(shard.name, problem);
        }),
      ),
    );
    const { terminateBlockersMs = null, protocol = 'auto' } = options;
    return await work({
      ...options,
      protocol,
      terminateBlockersMs,
      id,
      config,
      keys,
      anchors,
      unreachable,
      applicationName,
      guard: watchdog.start,
    });
  } finally {
    await Promise.all([...anchors.values()].map(letGo));
    await watchdog.stop();
  }
}

/** The locks go with the session; behind a pooler, which the run has refused by now, the backend would keep them. */
async function letGo(session: Session): Promise<void> {
  if (!session.isLost()) await session.query('SELECT pg_advisory_unlock_all()').catch(() => undefined);
  await session.close();
}

/** One watchdog for a run, started when it is first needed: a run that prepares nothing has none. */
function lazyWatchdog(start: StartWatchdog = async () => () => undefined): {
  start: () => Promise<void>;
  stop: () => Promise<void>;
} {
  let started: Promise<() => void> | null = null;
  return {
    start: async () => void (await (started ??= start())),
    stop: async () => (await started)?.(),
  };
}

/** `<milliseconds, base 36>-<random>`: unique, sortable, and nothing that a gid would have to escape. */
const newRunId = (): string => `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;

async function openAnchor(
  member: Member,
  applicationName: string,
  keys: FleetKeys,
  databases: KnownDatabases,
  takeLock: (session: Session) => Promise<void>,
): Promise<Session> {
  const session = await openSession({ member: member.name, url: member.url, applicationName });
  try {
    refuseStandby(session);
    claimDatabase(databases, session);
    await takeLock(session);
    await fenceOldSessions(session, keys, FENCE_TIMEOUT_MS);
    // From here on the anchor is itself one of the sessions that may settle.
    await tryLock(session, keys.settling, 'shared');
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

function refuseStandby(session: Session): void {
  if (!session.server.inRecovery) return;
  throw new VeneerError(`${session.member} is a read-only standby (pg_is_in_recovery)`, {
    exitCode: EXIT.unreachable,
    where: { member: session.member },
    hint: 'point its url at the primary',
  });
}

/** The anchor of a member. Throws the reason (exit 23) where the member could not be reached or was lost since. */
export function anchorOf(run: Run, member: string): Session {
  const session = run.anchors.get(member);
  if (session !== undefined && !session.isLost()) return session;
  const known = session !== undefined;
  const why =
    run.unreachable.get(member)?.message ??
    (known
      ? `the connection to ${member} that held the fleet's lock is lost`
      : `${member} is not in shards.yaml`);
  throw new VeneerError(why, { exitCode: EXIT.unreachable, where: { member } });
}

/** Where intents are kept: the first veneer by name; without veneers the first shard. */
export function journalMember(config: Config): string {
  const name = config.veneers[0]?.name ?? config.shards[0]?.name;
  if (name === undefined) throw new Error('a fleet has a veneer or a shard');
  return name;
}
