import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, type Problem } from '../../errors.js';
import { type FleetKeys } from '../../postgres/fleet-keys.js';
import type { Session } from '../../postgres/session.js';
import type { OnProgress } from '../../report/progress.js';
import { lostAnchor } from './anchor.js';
import type { ProtocolChoice } from './journal.js';
import type { FirstLooks } from './first-look.js';
import type { Review } from './review.js';
import type { ShownTable } from './shown-table.js';
import { type Spares } from './spares.js';
import { type Turns } from './turns.js';

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

/** The anchor of a member. Throws the reason (exit 23) where the member could not be reached or was lost since. */
export function anchorOf(run: Run, member: string): Session {
  const session = run.anchors.get(member);
  if (session === undefined) throw neverReached(run, member);
  if (session.isLost()) throw lostAnchor(member);
  return session;
}

/** Why a member of the run has no anchor. */
export function neverReached(
  { unreachable, config }: Pick<Run, 'unreachable' | 'config'>,
  member: string,
): VeneerError {
  const isLeftOut = config.leftOut.some(({ name }) => name === member);
  const { message, ...facts } = unreachable.get(member) ?? {
    message: isLeftOut ? `${member} is left out` : `${member} is not in shards.yaml`,
  };
  return new VeneerError(message, { ...facts, exitCode: EXIT.unreachable, where: { member } });
}
