import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { asCommitted, asLeft, type Before } from '../lane/before.js';
import type { Budget } from '../lane/budget.js';
import type { Crew } from '../lane/lane.js';
import { anchorOf } from '../run/run.js';

/** The connections of a rehearsal: on each, one transaction from its first use to the end of the rehearsal. */
export interface RehearsalCrew extends Crew {
  /** Those that were asked for, by member. */
  readonly opened: ReadonlyMap<string, Session>;
  /** A step has run on these shards: the next one is compared with what it left. */
  noteDone(shards: readonly string[]): Promise<void>;
}

/** The crew of one try; the sessions are those of `base`, which closes them. */
export function rehearsalCrew(base: Crew, budget: Budget): RehearsalCrew {
  const { run } = base;
  const opened = new Map<string, Session>();
  const opening = new Map<string, Promise<Session>>();
  const befores = new Map<string, Before>();
  const open = async (member: string): Promise<Session> => {
    const session = await base.session(member);
    await begin(base, session, budget);
    opened.set(member, session);
    return session;
  };
  const session = async (member: string): Promise<Session> => {
    const promise = opening.get(member) ?? open(member);
    opening.set(member, promise);
    const found = await promise;
    refuseEnded(found);
    return found;
  };
  return {
    ...base,
    opened,
    session,
    before: (shard) => befores.get(shard) ?? asCommitted(anchorOf(run, shard)),
    noteDone: async (shards) => {
      const left = async (shard: string): Promise<void> =>
        void befores.set(shard, await asLeft(await session(shard), anchorOf(run, shard)));
      await Promise.all(shards.map(left));
    },
  };
}

/**
 * COMMIT reads what a cursor WITH HOLD has left (https://www.postgresql.org/docs/current/sql-declare.html), and here that
 * is an error: this transaction cannot be committed, whatever a migration or the code behind it sends.
 */
const NEVER_COMMITS =
  'DECLARE pgveneer_rehearsal CURSOR WITH HOLD FOR SELECT 1 / (extract(epoch FROM clock_timestamp()) * 0)::int';

/**
 * Begins the transaction that a rehearsal has on a member. A migration may end it all the same, by a ROLLBACK that its
 * text does not show; whatever runs after that would be committed, so that all other transactions of the session are
 * read-only. In this one the statements that make a session fresh undo that; its rollback brings it back.
 */
async function begin({ run }: Crew, session: Session, budget: Budget): Promise<void> {
  await run.at(`before begin:${session.member}`);
  await session.freshen('SET default_transaction_read_only = on');
  await session.run(['BEGIN READ WRITE', ...budget.limits(session), NEVER_COMMITS].join('; '));
  await run.at(`after begin:${session.member}`);
}

/** Throws where the one transaction of a rehearsal is not open any more: what follows would stand alone. */
export function refuseEnded(session: Session): void {
  const { member } = session;
  if (session.isLost())
    throw new VeneerError(`the connection to ${member} is lost, and with it what was rehearsed there`, {
      exitCode: EXIT.unreachable,
      where: { member },
    });
  if (session.status() === 'I') throw endedByMigration(member);
}

/** Exit 20: what was rehearsed so far can no longer be rolled back together. */
export const endedByMigration = (member: string): VeneerError =>
  new VeneerError('the migration ends the transaction that it runs in', {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'take COMMIT and ROLLBACK out of the migration and of what it calls',
  });
