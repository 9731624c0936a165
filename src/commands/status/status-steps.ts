import type { Config, ShardConfig } from '../../config/config.js';
import { hasLedger } from '../../migrations/ledger.js';
import { inReadOnly } from '../../postgres/transaction.js';
import {
  knowsStep,
  latestSteps,
  readCommittedSteps,
  readLatest,
} from '../../protocol/settlement/committed-steps.js';
import { hasTable } from '../../postgres/state-tables.js';
import { journals } from '../../protocol/run/run.js';
import type { CommittedStep } from '../../report/drift-of-shards.js';
import type { Readers } from '../common/readers.js';

/**
 * By shard the last step that the history tells of; none where no journal can be read, or none is kept. A run that left the
 * first veneer out has written on the next one, so that the one is asked that was last told of the shard.
 */
export async function readLastSteps(
  config: Config,
  { sessionOf, unreachable }: Readers,
): Promise<readonly CommittedStep[]> {
  const sessions = journals(config)
    .filter((journal) => !unreachable.has(journal))
    .map(sessionOf);
  const told = await Promise.all(
    sessions.map((session) =>
      inReadOnly(session, async () =>
        (await hasTable(session, 'history'))
          ? {
              committed: await readCommittedSteps(session, config.fleet),
              latest: sessions.length === 1 ? null : await readLatest(session, config.fleet),
            }
          : { committed: [], latest: new Map<string, string>() },
      ),
    ),
  );
  return latestSteps(told);
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
