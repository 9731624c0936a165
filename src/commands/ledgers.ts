import type { ShardConfig } from '../config/config.js';
import { notSetUp, readLedger, type LedgerGroup } from '../migrations/ledger.js';
import type { Session } from '../postgres/session.js';

/** The ledgers of these shards, read side by side. Throws (exit 20) where one was never set up. */
export async function readLedgers(
  shards: readonly ShardConfig[],
  sessionOf: (member: string) => Session,
): Promise<Map<string, LedgerGroup[]>> {
  const entries = await Promise.all(
    shards.map(async ({ name }) => {
      const ledger = await readLedger(sessionOf(name));
      if (ledger === null) throw notSetUp(name);
      return [name, ledger] as const;
    }),
  );
  return new Map(entries);
}
