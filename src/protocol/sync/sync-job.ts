import type { Job } from '../step/attempt.js';
import { ofNobody, type Participant } from '../group/participant.js';
import type { Lane } from '../lane/lane.js';
import { repairVeneers, type LeftOnVeneer, type Repaired } from './repair-veneers.js';
import type { OtherShard, SyncScope } from './sync-work.js';

/** What to do about one shard, and what was found on the way. */
export interface SyncOfShard extends Omit<SyncScope, 'others'> {
  /** Asked in each attempt: a server may have come back meanwhile. Throws (exit 23) where one is away that was there. */
  readonly others: () => Promise<readonly OtherShard[]>;
  /** Told of in each attempt: what `prune` alone drops. */
  readonly onLeft: (left: readonly LeftOnVeneer[]) => void;
}

/**
 * Brings all veneers in line with one shard, in one step: they commit together, while the shard's relations are
 * held as they were read. The shard itself takes no part: nothing is changed there. Where all is in line, nobody does.
 */
export const syncJob = (lane: Lane, scope: SyncOfShard): Job => ({
  id: syncStepName(lane),
  migration: null,
  crews: [lane],
  onPhase: () => undefined,
  work: async (budget) => {
    const shard = await lane.session(scope.shard.name);
    const now: SyncScope = { ...scope, others: await scope.others() };
    const { repaired, left } = await repairVeneers(lane, now, shard, budget);
    scope.onLeft(left);
    return {
      participants: repaired.map((one) => participant(lane, one)),
      statements: new Map([
        [
          scope.shard.name,
          Object.fromEntries(repaired.map(({ veneer, statements }) => [veneer.member, statements])),
        ],
      ]),
      writes: new Map(),
    };
  },
  approve: async () => undefined,
  failures: async () => [],
});

const participant = (lane: Lane, { veneer, statements }: Repaired): Participant => ({
  member: veneer.member,
  role: 'veneer',
  session: veneer,
  statements: statements.map(ofNobody),
  replace: () => lane.session(veneer.member),
  xid: null,
});

/** Nothing in it that a gid would have to escape. */
export const syncStepName = ({ run, shard }: Pick<Lane, 'run' | 'shard'>): string =>
  `${run.id}.sync-${shard.name.toLowerCase().replaceAll(/[^a-z0-9]/g, '-')}`;
