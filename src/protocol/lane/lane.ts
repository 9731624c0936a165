import type { ShardConfig } from '../../config/config.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { keepsTemporarySchema } from '../../postgres/temporary-schema.js';
import { asCommitted, type Before } from './before.js';
import type { Blocker } from './blockers.js';
import type { AttemptId } from '../run/gid.js';
import { anchorOf, type Run } from '../run/run.js';
import { openSettling, replaceSettling } from '../run/settling-session.js';

/** The connections of a step's group, one to each member that takes part. */
export interface Crew {
  readonly run: Run;
  /** For people: the shard's, or `veneers`. */
  readonly name: string;
  /** The crew's own session to a member, opened when first asked for, replaced when it broke. */
  session(member: string): Promise<Session>;
  /** Those that are open. */
  openSessions(): readonly Session[];
  /** A shard as it was before the step that is at work. */
  before(shard: string): Before;
  /** Attempts that committed and whose evidence is still there, each once it is off the journal; null: it could not be struck off. */
  readonly settled: Promise<AttemptId | null>[];
  /** Who stood in the way when a step last waited for a lock. */
  readonly blockers: Blocker[];
  /** By member and pid: since when (performance.now()) somebody has been seen blocking. */
  readonly blockedSince: Map<string, number>;
  /** Tables of veneers whose lock was not to be had in time, the last one first. */
  readonly contended: string[];
  /** Names of relations whose columns change type: views above them are locked before the tables. */
  readonly retyping: Set<string>;
  /** By veneer and server, once they were asked for: see align/strangers.ts. */
  readonly strangers: Map<string, readonly QualifiedName[]>;
}

/**
 * The connections with which one shard goes through its steps: one to the shard, one to each veneer that a step
 * changes. Lanes of several shards work on one veneer side by side, each in a transaction of its own.
 */
export interface Lane extends Crew {
  readonly shard: ShardConfig;
  /** What a migration (by its label) is known to affect, from an earlier attempt or from another shard, or else by its text. */
  known(migration: string): Affected;
  learn(migration: string, affected: Affected): void;
}

/** The shard with all of its tenants, of which a run may have but some. */
export const wholeShard = ({ run, shard }: Pick<Lane, 'run' | 'shard'>): ShardConfig =>
  run.config.shards.find(({ name }) => name === shard.name) ?? shard;

/** What a migration changes on veneers, so that the next attempt can lock it there before it touches the shard. */
export interface Affected {
  /** Names of relations of a tenant that are to be locked there. */
  readonly relations: readonly string[];
  /** Names of relations of a tenant, as they were and as they are then, that are to be read there. */
  readonly names: readonly string[];
  /** It rewrites or replaces a table: all foreign tables of the shard are to be locked. */
  readonly fence: boolean;
  /** No step has told it yet, but the migration's text: see rollout/forecast.ts. */
  readonly byText?: boolean;
}

const NOTHING: Affected = { relations: [], names: [], fence: false };

/**
 * Borrows a lane for the time of `work`; afterwards its sessions are closed, whatever happened, but for those to veneers that the
 * next lane can use: see spares.ts.
 */
export async function withLane<T>(
  run: Run,
  shard: ShardConfig,
  learnt: Map<string, Affected>,
  work: (lane: Lane) => Promise<T>,
): Promise<T> {
  try {
    const lane = (crew: Crew): Promise<T> =>
      work({
        ...crew,
        shard,
        known: (migration) => learnt.get(migration) ?? NOTHING,
        learn: (migration, affected) => void learnt.set(migration, affected),
      });
    // In its session to the shard migrations run, and leave there what they like.
    const isShared = (member: string): boolean =>
      member !== shard.name && run.config.veneers.some(({ name }) => name === member);
    return await withCrew(run, shard.name, lane, isShared);
  } finally {
    // After the crew's sessions, which may act only while the anchor holds the run lock there.
    await run.rest(shard.name);
  }
}

/**
 * Borrows a crew for the time of `work`; its sessions are closed afterwards, whatever happened. `isShared`: to which members it
 * may use one that another crew is through with, and leaves its own to the next.
 */
export async function withCrew<T>(
  run: Run,
  name: string,
  work: (crew: Crew) => Promise<T>,
  isShared: (member: string) => boolean = () => false,
): Promise<T> {
  const sessions = new Map<string, Session>();
  const joined = new Map<string, Session>();
  const settled: Crew['settled'] = [];
  const opening = new Map<string, Promise<Session>>();
  /** Side by side with others: whoever asks for one that is on its way waits for it, and so does the end of the crew. */
  const session = (member: string): Promise<Session> => {
    const onItsWay = opening.get(member) ?? open(member).finally(() => opening.delete(member));
    opening.set(member, onItsWay);
    return onItsWay;
  };
  const open = async (member: string): Promise<Session> => {
    const known = sessions.get(member);
    // The lock first: without the run's anchor there, this run may do nothing more on that member. Winning one back
    // ends the sessions that had joined the one before.
    const anchor = await run.live(member);
    const isJoined = known !== undefined && !known.isLost() && joined.get(member) === anchor;
    if (isJoined && !keepsTemporarySchema(known)) return known;
    const spare = known === undefined && isShared(member) ? run.spares.take(anchor) : null;
    const fresh =
      spare ?? (await (known === undefined ? openSettling(run, member) : replaceSettling(run, known)));
    sessions.set(member, fresh);
    joined.set(member, spare === null ? await run.live(member) : anchor);
    return fresh;
  };
  try {
    const openSessions = (): Session[] => [...sessions.values()];
    return await work({
      run,
      name,
      session,
      openSessions,
      before: (shard) => asCommitted(anchorOf(run, shard)),
      settled,
      blockers: [],
      blockedSince: new Map(),
      contended: [],
      retyping: new Set(),
      strangers: new Map(),
    });
  } finally {
    // The journal is theirs, and no session of the crew's; but nothing of an attempt outlives its crew.
    await Promise.allSettled([...settled, ...opening.values()]);
    await Promise.all(
      [...sessions].map(([member, one]) =>
        isShared(member) ? run.spares.keep(one, joined.get(member)) : one.close(),
      ),
    );
  }
}
