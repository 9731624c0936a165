import type { Config } from '../../config/config.js';
import { problemOf } from '../../errors.js';
import { readLedgerNames } from '../../migrations/ledger/ledger.js';
import { inReadOnly } from '../../postgres/transaction.js';
import type { CommandContext } from '../common/context.js';
import { withReaders } from '../common/readers.js';

/** The migrations that some ledger knows. */
export interface AppliedNames {
  readonly applied: readonly string[];
  /** Which ledgers could not be read, and why. */
  readonly notices: readonly string[];
}

/** The migrations in all ledgers of the fleet that can be read. Never throws for one that cannot. */
export async function readAppliedNames(config: Config, context: CommandContext): Promise<AppliedNames> {
  return withReaders(config, context, async ({ sessions, unreachable }) => {
    const unread = new Map([...unreachable].map(([member, { message }]) => [member, message]));
    const applied = await Promise.all(
      [...sessions].map(([member, session]) =>
        inReadOnly(session, () => readLedgerNames(session)).catch((error: unknown) => {
          unread.set(member, problemOf(error).message);
          return [];
        }),
      ),
    );
    const notices = [...unread].map(
      ([member, why]) => `the name was not compared with the ledger of ${member}: ${why}`,
    );
    return { applied: [...new Set(applied.flat())], notices };
  });
}
