import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, type Problem } from '../../errors.js';
import { findMember, memberNamed } from '../../fleet/member.js';
import { fleetKeys, type FleetKeys } from '../../postgres/fleet-keys.js';
import type { Session } from '../../postgres/session.js';
import type { OnProgress } from '../../report/progress.js';
import { lostAnchor } from './anchor.js';
import { startAnchors } from './anchors.js';
import { newBeside } from './beside.js';
import type { ProtocolChoice } from './journal.js';
import type { FirstLooks } from './first-look.js';
import { openAnchors } from './open-anchors.js';
import type { Review } from './review.js';
import type { ShownTable } from './shown-table.js';
import { newSpares, type Spares } from './spares.js';
import { newTurns, type Turns } from './turns.js';

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
  readonly looks: FirstLooks;
  /** A session to the journal member for what is beside the protocol, from now on the caller's. Throws exit 23. */
  readonly openBeside: () => Promise<Session>;
  /** The anchor of a member, won back where it was lost. Throws the reason (exit 23) where it is not to be had. */
  readonly live: (member: string) => Promise<Session>;
  /** Nothing of a lane's is left on its member. */
  readonly rest: (member: string) => Promise<void>;
  /** Takes the lock of a member whose database was made since the run began. Throws the reason (exit 23, 30). */
  readonly admit: (member: string) => Promise<void>;
  /** Ends the anchor of a member that is about to be no more. */
  readonly dismiss: (member: string) => Promise<void>;
  /** Another run may be at work: nothing of this one settles any more. */
  readonly isShutOut: () => boolean;
  readonly unreachable: ReadonlyMap<string, Problem>;
  readonly onProgress: OnProgress;
  readonly signal: AbortSignal;
  readonly at: AtPoint;
  /** user@host of whoever started it. */
  readonly who: string;
  readonly applicationName: string;
  /** Has to be awaited before anything is prepared: from then on a dead runner leaves readers waiting. */
  readonly guard: () => Promise<void>;
  /** Attempts (by their keys) from their intent until they are struck off the journal: the watchdog's when the run ends. */
  readonly unsettled: Set<string>;
  /** A watchdog stands by: it settles what this run leaves. */
  readonly hasWatchdog: boolean;
  readonly protocol: ProtocolChoice;
  readonly turns: Turns;
  readonly spares: Spares;
  /** Milliseconds after which a session that blocks a step is ended; null: never. */
  readonly terminateBlockersMs: number | null;
  /** Nobody else is connected, the user says: what no order of commits makes safe for readers may be done. */
  readonly offline: boolean;
  /** Looks at what a step is about to commit on veneers; null: nobody does. */
  readonly review: Review | null;
  /** What its steps made or changed on veneers, for the statistics at its end. */
  readonly shown: ShownTable[];
}

/** How a run has left its watchdog: with nothing to do, or with steps that are to be settled. */
export type LastWord = 'done' | 'settle';

/** Answers how to tell it that the run has come to its end. */
export type StartWatchdog = () => Promise<(word: LastWord) => void>;

/** Called at each named point of the protocol; crash tests end the process there. */
export type AtPoint = (point: string) => Promise<void>;

/** What a command gives its run. */
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
  readonly offline?: boolean;
  /** Default: null. */
  readonly review?: Review | null;
  /** It settles and plans over all members at its beginning. Default: false. */
  readonly looks?: boolean;
  /** Its history is written, from its beginning on. Default: false. */
  readonly isRecorded?: boolean;
}

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
  const parts = startParts(config, options);
  const { anchors, beside, spares, watchdog, unsettled } = parts;
  try {
    const unreachable = await openAnchors(config, options.command, anchors);
    return await work({ ...options, ...optional(options), ...ownOf(config, parts, unreachable), config });
  } finally {
    beside.leave();
    await spares.close();
    // The locks go first: the watchdog needs them for what is left to it.
    await anchors.close();
    await watchdog.stop(unsettled.size === 0 ? 'done' : 'settle');
  }
}

/** What a run consists of; nothing of it waits for a server. */
function startParts(config: Config, { command, who, startWatchdog, ...options }: RunOptions) {
  const id = newRunId();
  const applicationName = `pgv ${id} ${command} ${who}`;
  const keys = fleetKeys(config.fleet);
  const first = journalMember(config);
  const opening = { applicationName, holdMs: config.rollout.lockHoldMs };
  return {
    id,
    applicationName,
    keys,
    anchors: startAnchors(config, { first, keys, opening, looks: options.looks ?? false }),
    beside: newBeside(memberNamed(config, first), opening, options.isRecorded ?? false),
    spares: newSpares(),
    watchdog: lazyWatchdog(startWatchdog),
    unsettled: new Set<string>(),
  };
}

/** Options that may be left out. */
const optional = ({
  protocol = 'auto',
  terminateBlockersMs = null,
  offline = false,
  review = null,
  startWatchdog,
}: RunOptions): Pick<Run, 'protocol' | 'terminateBlockersMs' | 'offline' | 'review' | 'hasWatchdog'> => ({
  protocol,
  terminateBlockersMs,
  offline,
  review,
  hasWatchdog: startWatchdog !== undefined,
});

type Own = Omit<Run, Exclude<keyof RunOptions, 'looks'> | 'config' | 'hasWatchdog'>;

/** What a run has of its own. */
function ownOf(
  config: Config,
  { id, applicationName, keys, anchors, beside, spares, watchdog, unsettled }: ReturnType<typeof startParts>,
  unreachable: Map<string, Problem>,
): Own {
  return {
    id,
    keys,
    anchors: anchors.sessions,
    looks: anchors.looks,
    openBeside: beside.open,
    live: async (member) => {
      if (!anchors.sessions.has(member)) throw neverReached({ unreachable, config }, member);
      return anchors.live(member);
    },
    rest: anchors.rest,
    admit: async (name) => {
      const member = findMember(config, name);
      if (member === undefined) throw neverReached({ unreachable, config }, name);
      await anchors.admit(member);
      unreachable.delete(name);
    },
    dismiss: anchors.dismiss,
    isShutOut: anchors.isShutOut,
    unreachable,
    unsettled,
    applicationName,
    guard: watchdog.start,
    shown: [],
    turns: newTurns(),
    spares,
  };
}

/** One watchdog for a run, started when it is first needed: a run that prepares nothing has none. */
function lazyWatchdog(start: StartWatchdog = async () => () => undefined): {
  start: () => Promise<void>;
  stop: (word: LastWord) => Promise<void>;
} {
  let started: ReturnType<StartWatchdog> | null = null;
  return {
    start: async () => void (await (started ??= start())),
    stop: async (word) => (await started)?.(word),
  };
}

/** `<milliseconds, base 36>-<random>`: unique, sortable, and nothing that a gid would have to escape. */
const newRunId = (): string => `${Date.now().toString(36)}-${randomBytes(4).toString('hex')}`;

/** The anchor of a member. Throws the reason (exit 23) where the member could not be reached or was lost since. */
export function anchorOf(run: Run, member: string): Session {
  const session = run.anchors.get(member);
  if (session === undefined) throw neverReached(run, member);
  if (session.isLost()) throw lostAnchor(member);
  return session;
}

function neverReached(
  { unreachable, config }: Pick<Run, 'unreachable' | 'config'>,
  member: string,
): VeneerError {
  const isLeftOut = config.leftOut.some(({ name }) => name === member);
  const { message, ...facts } = unreachable.get(member) ?? {
    message: isLeftOut ? `${member} is left out` : `${member} is not in shards.yaml`,
  };
  return new VeneerError(message, { ...facts, exitCode: EXIT.unreachable, where: { member } });
}

/** Where an intent may be: on every veneer, since a run that leaves the first one out keeps its intents on the next. */
export const journals = (config: Config): string[] =>
  config.veneers.length > 0 ? config.veneers.map(({ name }) => name) : [journalMember(config)];

/** Where a run keeps its intents: the first veneer by name; without veneers the first shard. */
export function journalMember(config: Config): string {
  const name = config.veneers[0]?.name ?? config.shards[0]?.name;
  if (name === undefined) throw new Error('a fleet has a veneer or a shard');
  return name;
}
