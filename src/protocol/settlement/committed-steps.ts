import { basedOn } from '../../migrations/migration-names.js';
import type { Session } from '../../postgres/session.js';
import type { CommittedStep } from '../../report/drift/drift-of-shards.js';

/**
 * By shard the last step up that was committed there, as this journal member's history tells; one that was taken down
 * since, or was settled by a later run, which may have been a way down, does not count; nor does one whose tenants may
 * have been dropped since, and its rows of the ledger with them. A base is taken down as the migration that it ends with.
 */
export async function readCommittedSteps(session: Session, fleet: string): Promise<CommittedStep[]> {
  return session.prepared<CommittedStep & Record<string, unknown>>(
    `SELECT DISTINCT ON (up.shard) up.shard, up.step, up.migration,
            to_char(up.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
       FROM pgveneer.history up
      WHERE up.fleet = $1 AND up.event = 'step ended' AND up.outcome = 'committed'
        AND up.shard IS NOT NULL AND up.migration IS NOT NULL AND up.details->>'direction' IS NULL
        AND NOT EXISTS (SELECT FROM pgveneer.history later
                         WHERE later.fleet = $1 AND later.id > up.id
                           AND (later.migration = up.migration AND later.event = 'step settled'
                                OR later.migration = regexp_replace(up.migration, '^B__', '') AND later.shard = up.shard
                                   AND later.details->>'direction' = 'down'
                                OR later.shard = up.shard AND later.details->>'direction' = 'tenant drop'))
      ORDER BY up.shard, up.id DESC`,
    [fleet],
  );
}

/** By shard the last step of any kind that this journal member's history tells of. A step's name sorts by time. */
export async function readLatest(session: Session, fleet: string): Promise<ReadonlyMap<string, string>> {
  const rows = await session.prepared<{ shard: string; step: string }>(
    `SELECT shard, max(step COLLATE "C") AS step FROM pgveneer.history
      WHERE fleet = $1 AND event = 'step ended' AND shard IS NOT NULL
        AND (migration IS NOT NULL OR details->>'direction' IS NOT NULL)
      GROUP BY shard`,
    [fleet],
  );
  return new Map(rows.map(({ shard, step }) => [shard, step]));
}

/** What one journal tells; `latest` is null where there is no other. */
export interface Told {
  readonly committed: readonly CommittedStep[];
  readonly latest: ReadonlyMap<string, string> | null;
}

/** For each shard what that journal tells which was written last about it: what another one tells may be taken down since. Pure. */
export const latestSteps = (told: readonly Told[]): readonly CommittedStep[] =>
  told.flatMap(({ committed, latest }) =>
    committed.filter(({ shard }) =>
      told.every((other) => (other.latest?.get(shard) ?? '') <= (latest?.get(shard) ?? '')),
    ),
  );

/**
 * Does a shard's ledger know this step, or a later one of the same migration? Runs sort by time, and a step begins with
 * its run (FORMATS.md).
 */
export async function knowsStep(session: Session, { step, migration }: CommittedStep): Promise<boolean> {
  const ofShard = migration.startsWith('shard/');
  const name = ofShard ? migration.slice('shard/'.length) : migration;
  const [row] = await session.prepared<{ known: boolean }>(
    `SELECT EXISTS (SELECT FROM pgveneer.ledger
                     WHERE scope = $1 AND migration = $2
                       AND split_part(step, '.', 1) COLLATE "C" >= split_part($3, '.', 1)) AS known`,
    [ofShard ? 'shard' : 'tenant', basedOn(name) ?? name, step],
  );
  return row?.known === true;
}
