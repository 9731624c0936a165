import type { Config, ShardConfig } from '../../config/config.js';
import { notSetUp, readLedger, type LedgerGroup } from '../../migrations/ledger.js';
import type { Session } from '../../postgres/session.js';

/**
 * The ledgers of these shards and of all veneers by name, read side by side; empty where a member was never set up and
 * `absent` allows it. Throws (exit 20) where it does not.
 */
export async function readLedgers(
  { veneers }: Config,
  shards: readonly ShardConfig[],
  sessionOf: (member: string) => Session,
  absent: 'refuse' | 'allow',
): Promise<Map<string, LedgerGroup[]>> {
  const members = new Set([...shards, ...veneers].map(({ name }) => name));
  const entries = await Promise.all(
    [...members].map(async (name) => {
      const ledger = await readLedger(sessionOf(name));
      if (ledger === null && absent === 'refuse') throw notSetUp(name);
      return [name, ledger ?? []] as const;
    }),
  );
  return new Map(entries);
}
