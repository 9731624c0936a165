import { touchedRelations } from '../../catalog/relations/read-raw.js';
import { readShown, type Shown } from '../../catalog/relations/read-shown.js';
import type { ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { labelOf, type Migration } from '../../migrations/migration.js';
import { display, nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { anchorOf, type Run } from '../run/run.js';
import { readRepairs, readWanted } from './sync-work.js';

/** How to read a shard: in its own open transaction where it takes part in the step, else as it is committed. */
export type ReadShard = (shard: string) => Session | null;

/**
 * Throws (exit 20) where a migration of a veneer, in its open transaction, leaves a foreign table that it touched unlike
 * the shard's table: definitions are made from the shards, and whatever else changed them would be drift.
 */
export async function refuseMadeDrift(
  run: Run,
  session: Session,
  migration: Migration,
  readShard: ReadShard,
): Promise<void> {
  const { oids } = await touchedRelations(session);
  const anchor = anchorOf(run, session.member);
  const shown = [...(await readShown(anchor, oids)), ...(await readShown(session, oids))];
  for (const shard of run.config.shards) {
    const touched = shown.filter(({ server }) => server === shard.server.name);
    if (touched.length > 0) await refuseOnShard(run, session, migration, { shard, touched, readShard });
  }
}

async function refuseOnShard(
  run: Run,
  session: Session,
  migration: Migration,
  what: { readonly shard: ShardConfig; readonly touched: readonly Shown[]; readonly readShard: ReadShard },
): Promise<void> {
  const { shard, touched, readShard } = what;
  const scope = { config: run.config, shard, prune: false, others: [] };
  const wanted = await readWanted(readShard(shard.name) ?? anchorOf(run, shard.name), scope);
  const names = new Set(touched.map(({ remote }) => nameKey(remote)));
  const { changes } = await readRepairs(session, scope, wanted);
  const left = changes.find(({ remote }) => names.has(nameKey(remote)));
  if (left === undefined) return;
  throw new VeneerError(
    `${labelOf(migration)} would leave ${display(left.table)} unlike ${display(left.remote)} on ${shard.name}`,
    {
      exitCode: EXIT.failed,
      where: { member: session.member, migration: labelOf(migration), file: migration.file },
      detail: `what would make them alike: ${left.statements.join('; ')}`,
      hint: 'change the table on its shard, and the veneer follows; migrate sync repairs what differed before',
    },
  );
}
