import { EXIT, VeneerError } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Participant } from '../group/participant.js';
import type { Protocol, ProtocolChoice } from '../run/journal.js';
import { PrepareRefused } from './two-phase.js';

/** The protocol for these participants. Throws (exit 20) where two-phase was asked for and a server cannot prepare. */
export function chooseProtocol(wanted: ProtocolChoice, participants: readonly Participant[]): Protocol {
  const unable = participants.filter(({ session }) => session.server.maxPreparedTransactions === 0);
  if (wanted === 'lock-step' || (wanted === 'auto' && unable.length > 0)) return 'lock-step';
  const [first] = unable;
  if (first === undefined || participants.length === 1) return 'two-phase';
  throw new VeneerError(`${first.member} has no prepared transactions (max_prepared_transactions = 0)`, {
    exitCode: EXIT.failed,
    where: { member: first.member },
    hint: 'set max_prepared_transactions on the server and restart it, or use --protocol lock-step',
  });
}

/**
 * PREPARE refused for what the transaction did, not for a passing reason: temporary objects, LISTEN, NOTIFY, cursors
 * WITH HOLD are all reported as feature_not_supported. Such a step can be run again in lock-step.
 */
export const refusedForGood = (cause: unknown): cause is PrepareRefused =>
  cause instanceof PrepareRefused && isState(cause.cause, SQLSTATE.featureNotSupported);

/**
 * In lock-step a migration may not read or write foreign tables: what it did through them commits on its own, and run
 * per shard it would happen as often as there are shards (PROTOCOL section 7). Two-phase needs no such look, since
 * PREPARE refuses. Reads and writes show as locks of this session; DDL on a foreign table takes stronger ones.
 */
export const refuseForeignReads = (session: Session): Promise<void> =>
  refuseForeign(session, {
    modes: ['AccessShareLock', 'RowShareLock', 'RowExclusiveLock'],
    does: 'reads or writes',
    hint: 'change rows where they live: each shard runs the migration on its own tables',
  });

/**
 * A veneer's migration may read foreign tables where no other veneer takes part, and write none: their rows would be
 * committed on the shard before the veneer commits, or fails to.
 */
export const refuseForeignWrites = (session: Session): Promise<void> =>
  refuseForeign(session, {
    modes: ['RowExclusiveLock'],
    does: 'writes',
    hint: 'change rows where they live, in a migration for tenants or shards',
  });

interface ForeignUse {
  readonly modes: readonly string[];
  readonly does: string;
  readonly hint: string;
}

async function refuseForeign(session: Session, { modes, does, hint }: ForeignUse): Promise<void> {
  const [table] = await session.query<{ name: string }>(
    `SELECT f.ftrelid::regclass::text AS name
       FROM pg_locks l
       JOIN pg_foreign_table f ON f.ftrelid = l.relation
       JOIN pg_foreign_server s ON s.oid = f.ftserver
       JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
      WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND w.fdwname = 'postgres_fdw'
        AND l.mode = ANY ($1::text[])
        AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) LIMIT 1`,
    [modes],
  );
  if (table === undefined) return;
  throw new VeneerError(
    `the migration ${does} ${table.name}, a foreign table: what it does there would not be undone`,
    {
      exitCode: EXIT.failed,
      where: { member: session.member },
      hint,
    },
  );
}
