import type { Config, ShardConfig } from '../../config/config.js';
import { hasLedger, notSetUp, readLedger, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import type { PlannedFrom } from '../../protocol/run/first-look.js';
import type { Session } from '../../postgres/session.js';

/** What to do where there is no ledger, and what is known of ledgers already. */
export interface LedgersOptions {
  /** Of a member that was never set up. */
  readonly absent: 'refuse' | 'allow';
  /** Of members that have been looked at already. */
  readonly looks?: ReadonlyMap<string, PlannedFrom>;
}

/** For a dry run: those of the members that were never set up, and what has to come first. */
export async function setUpFirst(
  members: readonly string[],
  sessionOf: (member: string) => Session,
): Promise<string[]> {
  const bare = await Promise.all(
    members.map(async (name) => ((await hasLedger(sessionOf(name))) ? [] : [name])),
  );
  return bare.flat().map((name) => `${name} was never set up: migrate setup comes first`);
}

/**
 * The ledgers of these shards and of all veneers by name, read side by side; empty where a member was never set up and
 * `absent` allows it. Throws (exit 20) where it does not.
 */
export async function readLedgers(
  { veneers }: Config,
  shards: readonly ShardConfig[],
  sessionOf: (member: string) => Session,
  { absent, looks }: LedgersOptions,
): Promise<Map<string, readonly LedgerGroup[]>> {
  const members = new Set([...shards, ...veneers].map(({ name }) => name));
  const entries = await Promise.all(
    [...members].map(async (name) => {
      const seen = looks?.get(name);
      const ledger = seen === undefined ? await readLedger(sessionOf(name)) : seen.ledger;
      if (ledger === null && absent === 'refuse') throw notSetUp(name);
      return [name, ledger ?? []] as const;
    }),
  );
  return new Map(entries);
}
