import { randomBytes } from 'node:crypto';
import type { Config } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { findMember, memberNamed } from '../../fleet/member.js';
import { fleetKeys } from '../../postgres/fleet-keys.js';
import type { OnProgress } from '../../report/progress.js';
import { startAnchors } from './anchors.js';
import { newBeside } from './beside.js';
import type { ProtocolChoice } from './journal.js';
import { journalMember } from './journal-member.js';
import { openAnchors } from './open-anchors.js';
import type { Review } from './review.js';
import { neverReached, type AtPoint, type LastWord, type Run, type StartWatchdog } from './run.js';
import { newSpares } from './spares.js';
import { newTurns } from './turns.js';

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
