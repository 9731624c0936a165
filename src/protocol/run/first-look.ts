import { readSchemas } from '../../catalog/read-privileges.js';
import { EXIT, problemOf } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import { readLedger, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { readEvidence, readPrepared, type PreparedTransaction } from './evidence.js';
import type { Gid } from './gid.js';

/** What earlier runs have left on a member. */
export interface FoundOn {
  readonly prepared: readonly PreparedTransaction[];
  readonly evidence: readonly Gid[];
}

/** What a plan asks of a member. */
export interface PlannedFrom {
  /** Null: the fleet was never set up there. */
  readonly ledger: readonly LedgerGroup[] | null;
  /** Those of its tenants' schemas that are there. */
  readonly schemas: ReadonlySet<string>;
}

/**
 * What was read of members as their locks were taken: in one round trip, and of those that are connected when needed without
 * connecting to each of many databases anew for every question. From then on no older run acts there, and none begins while the run holds the first member's lock, so what
 * was read holds until this run itself settles or changes something: each is used once, and `plans` only where nothing
 * was settled. What is applied meanwhile, by hand, fails on the ledger's own key.
 */
export interface FirstLooks {
  readonly traces: Map<string, FoundOn>;
  readonly plans: Map<string, PlannedFrom>;
}

export const newLooks = (): FirstLooks => ({ traces: new Map(), plans: new Map() });

/**
 * In one round trip. Throws where the member is not to be had; what else it refuses is told when, and if, somebody asks for it.
 */
export async function lookAt(
  session: Session,
  fleet: string,
  member: Member,
  looks: FirstLooks,
): Promise<void> {
  try {
    await look(session, fleet, member, looks);
  } catch (error) {
    const { exitCode, sqlstate } = problemOf(error);
    if (exitCode === EXIT.unreachable || sqlstate === undefined) throw error;
    // Its lock is held all the same: throws what stood in the way of that.
    await session.query('SELECT');
  }
}

async function look(
  session: Session,
  fleet: string,
  { name, shard }: Member,
  looks: FirstLooks,
): Promise<void> {
  const tenants = shard?.tenants ?? [];
  const [prepared, evidence, ledger, schemas] = await allDone([
    readPrepared(session, fleet),
    readEvidence(session, fleet),
    readLedger(session),
    readSchemas(
      session,
      tenants.map(({ schema }) => schema),
    ),
  ]);
  looks.traces.set(name, { prepared, evidence });
  looks.plans.set(name, { ledger, schemas });
}
