import type { Config, ShardConfig } from '../config/config.js';
import { hasLedger } from '../migrations/ledger.js';
import { inReadOnly } from '../postgres/transaction.js';
import { knowsStep, readCommittedSteps } from '../protocol/committed-steps.js';
import { hasTable } from '../protocol/journal.js';
import { journalMember } from '../protocol/run.js';
import type { CommittedStep } from '../report/drift-of-shards.js';
import type { Readers } from './readers.js';

/** By shard the last step that the history tells of; none where the journal member cannot be read, or keeps no history. */
export async function readLastSteps(
  config: Config,
  { sessionOf, unreachable }: Readers,
): Promise<readonly CommittedStep[]> {
  const journal = journalMember(config);
  if (unreachable.has(journal)) return [];
  const session = sessionOf(journal);
  return inReadOnly(session, async () =>
    (await hasTable(session, 'history')) ? readCommittedSteps(session, config.fleet) : [],
  );
}

/**
 * Steps that were committed on one of these shards and that its ledger does not know. They have to be read before: a
 * step is in the history only once it is in the ledger.
 */
export async function unknownSteps(
  steps: readonly CommittedStep[],
  shards: readonly ShardConfig[],
  { sessionOf, unreachable }: Readers,
): Promise<CommittedStep[]> {
  const selected = new Set(shards.map(({ name }) => name));
  const asked = steps.filter(({ shard }) => selected.has(shard) && !unreachable.has(shard));
  const known = await Promise.all(
    asked.map(async (step) => {
      const session = sessionOf(step.shard);
      return inReadOnly(session, async () => (await hasLedger(session)) && knowsStep(session, step));
    }),
  );
  return asked.filter((_, index) => !known[index]);
}
