import type { Config, ShardConfig } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { inOneGoWith, rowsIfThere } from '../../postgres/state-tables.js';
import {
  knowsStep,
  latestSteps,
  readCommittedSteps,
  readLatest,
  type Told,
} from '../../protocol/settlement/committed-steps.js';
import { readLastRun, type BegunRun } from '../../protocol/history/read-history.js';
import { journals } from '../../protocol/run/journal-member.js';
import type { CommittedStep } from '../../report/drift/drift-of-shards.js';
import type { Readers } from '../common/readers.js';

/** What the journals tell of what was done. */
export interface ToldByJournals {
  readonly lastSteps: readonly CommittedStep[];
  readonly lastRun: BegunRun | null;
}

/**
 * By shard the last step that the history tells of; none where no journal can be read, or none is kept. A run that left the
 * first veneer out has written on the next one, so that the one is asked that was last told of the shard.
 */
export async function readJournals(
  config: Config,
  { sessionOf, unreachable }: Readers,
): Promise<ToldByJournals> {
  const sessions = journals(config)
    .filter((journal) => !unreachable.has(journal))
    .map(sessionOf);
  const isAlone = sessions.length === 1;
  const told = await allDone(
    sessions.map((session) =>
      inOneGoWith(session, 'history', () => readTold(session, config.fleet, isAlone)),
    ),
  );
  const runs = told.flatMap((one) => one?.lastRun ?? []).toSorted((a, b) => (a.run < b.run ? 1 : -1));
  return {
    lastSteps: latestSteps(told.map((one) => one ?? { committed: [], latest: new Map<string, string>() })),
    lastRun: runs[0] ?? null,
  };
}

/** What a journal tells, of one snapshot; null where it is not there. */
const readTold = (
  session: Session,
  fleet: string,
  isAlone: boolean,
): Promise<(Told & { readonly lastRun: BegunRun | null }) | null> =>
  rowsIfThere(session, 'history', async () => {
    const [committed, latest, lastRun] = await allDone([
      readCommittedSteps(session, fleet),
      isAlone ? Promise.resolve(null) : readLatest(session, fleet),
      readLastRun(session, fleet),
    ]);
    return { committed, latest, lastRun };
  });

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
  const known = await allDone(
    asked.map(async (step) => {
      const session = sessionOf(step.shard);
      return inOneGoWith(session, 'ledger', () =>
        rowsIfThere(session, 'ledger', () => knowsStep(session, step)),
      );
    }),
  );
  return asked.filter((_, index) => known[index] !== true);
}
