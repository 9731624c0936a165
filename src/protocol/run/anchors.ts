import type { Config } from '../../config/config.js';
import type { KnownDatabases } from '../../fleet/identity.js';
import { findMember, type Member } from '../../fleet/member.js';
import { FENCE_TIMEOUT_MS, holdAtOnce, letGo, lostAnchor, openAnchor } from './anchor.js';
import { newApproach, type Approach } from './approach.js';
import { lookAt, newLooks, type FirstLooks } from './first-look.js';
import { witnessesOf } from './witnesses.js';
import { takeOrphanedRunLock, takeRunLock } from '../../postgres/run-lock.js';
import type { FleetKeys } from '../../postgres/fleet-keys.js';
import { parkedSession, type ParkedSession } from '../../postgres/parked-session.js';
import { newParking, type Parking } from '../../postgres/parking.js';
import type { Session } from '../../postgres/session.js';
import { ShutOut, holdFurther, winBack, type Held, type Opening } from './win-back.js';

/** A run's first connections to the members that answered: they hold the run lock there. */
export interface Anchors {
  /** By name. One that is lost stays until it is won back; one that is parked has the lock while something runs in it. */
  readonly sessions: ReadonlyMap<string, Session>;
  /** What was read as their locks were taken; empty where nobody wants it. */
  readonly looks: FirstLooks;
  /** Begins to connect to a member whose lock is going to be taken. */
  readonly approach: (member: Member) => void;
  /** Takes a member's lock. Throws exit 23 where it cannot be reached, 30 where another runner has it. */
  readonly open: (member: Member) => Promise<void>;
  /**
   * The same for a member that was not there when the run began. Throws exit 23 where the first member's lock is not proved to
   * be this run's, too.
   */
  readonly admit: (member: Member) => Promise<void>;
  /** Ends the anchor of a member that is about to be no more; nothing of the run may be left there. */
  readonly dismiss: (member: string) => Promise<void>;
  /**
   * The member's anchor, which from now on stays; one that was lost is won back first. Throws (exit 23) where it is not to
   * be had.
   */
  readonly live: (member: string) => Promise<Session>;
  /** Nothing of the run is left on the member: where it is connected when needed, its anchor is parked. */
  readonly rest: (member: string) => Promise<void>;
  /** Some other run may be at work: this one wins no lock any more. */
  readonly isShutOut: () => boolean;
  readonly close: () => Promise<void>;
}

export interface AnchorOptions {
  /** The member whose lock decides which run has the fleet. */
  readonly first: string;
  readonly keys: FleetKeys;
  readonly opening: Opening;
  /** Whether members are looked at as their locks are taken. */
  readonly looks: boolean;
}

/** None is open yet. */
export function startAnchors(config: Config, options: AnchorOptions): Anchors {
  const { first, keys, opening } = options;
  const kept = new Map<string, Session>();
  const parked = new Map<string, ParkedSession>();
  const store: Store = {
    config,
    sessions: new Map(),
    kept,
    parked,
    held: {
      fleet: config.fleet,
      keys,
      first,
      kept,
      parked,
      opening,
      isPartial: config.leftOut.length > 0,
      witnesses: witnessesOf(config, first),
    },
    approach: newApproach(opening),
    looks: newLooks(),
    wantsLooks: options.looks,
    databases: new Map(),
    parking: newParking(config.rollout.concurrency),
    winning: new Map(),
    resting: new Map(),
    shutOut: false,
  };
  return {
    sessions: store.sessions,
    looks: store.looks,
    isShutOut: () => store.shutOut,
    live: (member) => live(store, member),
    approach: store.approach.begin,
    open: (member) => open(store, member),
    admit: (member) => admit(store, member),
    dismiss: (member) => dismiss(store, member),
    rest: (member) => rest(store, member),
    close: async () => {
      store.approach.leave();
      await Promise.all([...kept.values()].map(letGo));
      await Promise.all([...parked.values()].map((session) => session.close()));
    },
  };
}

interface Store {
  readonly config: Config;
  readonly sessions: Map<string, Session>;
  /** Connections that stay: for the whole run, or while a lane is on the member. */
  readonly kept: Map<string, Session>;
  /** Of members that are connected when needed. */
  readonly parked: Map<string, ParkedSession>;
  readonly held: Held;
  readonly approach: Approach;
  readonly looks: FirstLooks;
  readonly wantsLooks: boolean;
  readonly databases: KnownDatabases;
  readonly parking: Parking;
  readonly winning: Map<string, Promise<Session>>;
  readonly resting: Map<string, Promise<void>>;
  shutOut: boolean;
}

async function open(store: Store, member: Member): Promise<void> {
  const { parking, parked, sessions, held, config } = store;
  if (member.connected === 'when needed') {
    const session = parkedSession(member.name, parking, () => openFurther(store, member));
    try {
      await (store.wantsLooks ? lookAt(session, config.fleet, member, store.looks) : session.visit());
    } catch (error) {
      // Not only closed: it would keep its place, and the others would wait for it for ever.
      await session.retire();
      throw error;
    }
    parked.set(member.name, session);
    return void sessions.set(member.name, session);
  }
  // A run that leaves a veneer out cannot tell an orphan by the first member's lock: the others' first member is another.
  const take = (session: Session): Promise<void> =>
    member.name === held.first || held.isPartial
      ? takeRunLock(session, held.keys, config.fleet)
      : takeOrphanedRunLock(session, held.keys, {
          ...held.opening,
          fleet: config.fleet,
          timeoutMs: FENCE_TIMEOUT_MS,
        });
  const arriving = store.approach.arrive(member);
  const session = await openAnchor(store, arriving, holdAtOnce(held.keys, take, store.approach.leave));
  try {
    if (store.wantsLooks) await lookAt(session, config.fleet, member, store.looks);
  } catch (error) {
    await session.close();
    throw error;
  }
  keep(store, member.name, session);
}

/** Like winning a lock back, not like beginning: by now a newer run may have taken the fleet, and is not to be ended. */
async function admit(store: Store, member: Member): Promise<void> {
  if (member.connected === 'when needed') return open(store, member);
  keep(store, member.name, await openFurther(store, member));
}

async function dismiss(store: Store, member: string): Promise<void> {
  await rest(store, member);
  const gone = async (): Promise<never> => {
    throw lostAnchor(member);
  };
  // Its place goes to others: an anchor that was only closed would keep it.
  await store.parked.get(member)?.handOver({ session: gone, isLost: () => true, current: () => undefined });
  const session = store.kept.get(member);
  for (const anchors of [store.kept, store.parked, store.sessions]) anchors.delete(member);
  if (session !== undefined) await letGo(session);
}

function keep({ kept, parked, sessions }: Store, member: string, session: Session): Session {
  kept.set(member, session);
  if (!parked.has(member)) sessions.set(member, session);
  return session;
}

async function live(store: Store, member: string): Promise<Session> {
  await store.resting.get(member);
  const session = store.kept.get(member);
  if (session !== undefined && !session.isLost()) return session;
  if (session === undefined && !store.parked.has(member)) throw lostAnchor(member);
  // Several lanes may miss it at the same time: it is won once, for all of them.
  const again = store.winning.get(member) ?? win(store, member);
  store.winning.set(member, again);
  return again.finally(() => store.winning.delete(member));
}

async function win(store: Store, member: string): Promise<Session> {
  const { config, kept, parked, parking, held } = store;
  const found = findMember(config, member);
  if (found === undefined || store.shutOut) throw lostAnchor(member);
  const lost = kept.get(member);
  if (lost !== undefined) return keep(store, member, await winBack(held, found, lost).catch(noting(store)));
  // Its own connection first: the lock is that one's until it has ended.
  await parked.get(member)?.handOver({
    session: () => live(store, member),
    isLost: () => kept.get(member)?.isLost() === true,
    current: () => kept.get(member),
  });
  await parking.clear();
  return keep(store, member, await openFurther(store, found));
}

const openFurther = (store: Store, member: Member): Promise<Session> =>
  openAnchor(store, store.approach.arrive(member), (session) => holdFurther(store.held, session)).catch(
    noting(store),
  );

const noting =
  (store: Store) =>
  (error: unknown): never => {
    store.shutOut ||= error instanceof ShutOut;
    throw error;
  };

async function rest({ kept, parked, resting }: Store, member: string): Promise<void> {
  const [session, own] = [kept.get(member), parked.get(member)];
  if (session === undefined || own === undefined) return;
  kept.delete(member);
  const gone = letGo(session).then(own.takeBack);
  // Who asks for it meanwhile waits: two anchors of one member would end each other.
  resting.set(member, gone);
  await gone.finally(() => resting.delete(member));
}
