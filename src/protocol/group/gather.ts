import type { Role } from '../../fleet/member.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { WriteForecast } from '../../veneer/writes.js';
import type { GroupMember, GroupVeneer } from './group.js';
import { inCommitOrder, type Participant } from './participant.js';
import type { ShardDone } from './shard-done.js';
import { sqlOf, type VeneerStatement } from './veneer-statement.js';

/** What an attempt did in open transactions, all of which are still open. */
export interface GroupWork {
  /** One per database that takes part, in the order in which they commit. */
  readonly participants: readonly Participant[];
  /** By shard and veneer: the SQL that was executed there. */
  readonly statements: ReadonlyMap<string, Readonly<Record<string, readonly string[]>>>;
  /** By shard and veneer: INSERTs that will no longer do what they did. */
  readonly writes: ReadonlyMap<string, Readonly<Record<string, readonly WriteForecast[]>>>;
}

/** What was done on a veneer. */
export interface Aligned {
  readonly veneer: GroupVeneer;
  /** By shard. */
  readonly statements: ReadonlyMap<string, readonly VeneerStatement[]>;
  /** It has something to commit, or locks to hold until the shards have committed. */
  readonly takesPart: boolean;
}

/** Who takes part in the commit: every shard, and the veneers that have something to commit or locks to hold. */
export async function gather(
  done: readonly ShardDone[],
  aligned: readonly Aligned[],
): Promise<Omit<GroupWork, 'writes'>> {
  const shards = done.map(({ shard, xid }): Participant => {
    const own = aligned.find(({ veneer }) => veneer.name === shard.name);
    const role = own?.takesPart === true ? 'shard+veneer' : 'shard';
    return { ...participant(shard, role, own), xid };
  });
  const others = aligned.filter(({ veneer }) => !done.some(({ shard }) => shard.name === veneer.name));
  const idle = others.filter(({ takesPart }) => !takesPart);
  await Promise.all(idle.map(({ veneer }) => rollbackQuietly(veneer.session)));
  const veneers = others
    .filter(({ takesPart }) => takesPart)
    .map((one) => participant(one.veneer, 'veneer', one));
  return {
    participants: [...shards, ...veneers].toSorted(inCommitOrder),
    statements: new Map(done.map(({ shard }) => [shard.name, statementsFor(shard.name, aligned)])),
  };
}

const participant = (
  { name, session, replace }: GroupMember,
  role: Role,
  aligned: Aligned | undefined,
): Participant => ({
  member: name,
  role,
  session,
  statements: [...(aligned?.statements ?? [])].flatMap(([shard, all]) =>
    all.map(({ sql, of }) => ({ sql, follows: of.kind === 'table' ? shard : null })),
  ),
  replace,
  xid: null,
});

const statementsFor = (
  shard: string,
  aligned: readonly Aligned[],
): Readonly<Record<string, readonly string[]>> =>
  Object.fromEntries(
    aligned.flatMap(({ veneer, statements, takesPart }) => {
      const own = statements.get(shard);
      return own === undefined || !takesPart ? [] : [[veneer.name, sqlOf(own)]];
    }),
  );
