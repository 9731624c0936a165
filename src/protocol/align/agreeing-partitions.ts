import type { RemotePartition } from '../../catalog/relations/read-foreign-tables.js';
import { readRelations } from '../../catalog/relations/read-relations.js';
import type { ShardConfig } from '../../config/config.js';
import { groupBy } from '../../group-by.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposeRelations, type Definition } from '../../veneer/exposure/definition.js';
import { exposureOf } from '../../veneer/exposure/exposure.js';
import type { Run } from '../run/run.js';
import { askOutside } from './ask-outside.js';

/**
 * Partitions of shards that take no part in a step, and whose tables are already as the step makes those of its own shards: the parent
 * may change, since they follow it to where they belong. So it is where a step over all of these shards was cut short between their
 * commits in lock-step. Asked of the shards themselves, and only where a parent changes that they have partitions of.
 */
export async function agreeingPartitions(
  { config, anchors }: Pick<Run, 'config' | 'anchors'>,
  partitions: readonly RemotePartition[],
  wanted: readonly Definition[],
): Promise<readonly RemotePartition[]> {
  const columns = new Map(
    wanted.flatMap((one) => (one.partition === null ? [] : [[nameKey(one.partition.of), columnsText(one)]])),
  );
  const shards = groupBy(partitions, ({ server }) => config.shards.find((one) => one.server.name === server));
  const sessionOf = (shard: string): Session | null => anchors.get(shard) ?? null;
  const asked = [...shards.keys()].flatMap((shard) => shard ?? []);
  return askOutside(asked, sessionOf, async (shard, session) => {
    const own = shards.get(shard) ?? [];
    const agree = async (some: readonly RemotePartition[]): Promise<RemotePartition[]> => {
      const shown = await readShown({ config, shard, session }, some);
      return some.filter((one) => shown.get(nameKey(one)) === columns.get(nameKey(one.parent)));
    };
    // One of them first: most often the others are as they were, and it tells that.
    const first = await agree(own.slice(0, 1));
    return first.length === 0 ? [] : [...first, ...(await agree(own.slice(1)))];
  });
}

interface Place extends Pick<Run, 'config'> {
  readonly shard: ShardConfig;
  readonly session: Session;
}

/** By the name on the veneer, the columns of what these schemas of the shard show. */
async function readShown(
  { config, shard, session }: Place,
  partitions: readonly RemotePartition[],
): Promise<ReadonlyMap<string, string>> {
  const schemas = [...new Set(partitions.map(({ remoteSchema }) => remoteSchema))];
  const relations = await readRelations(session, { schemas });
  const exposed = exposeRelations(exposureOf(config, shard), relations);
  return new Map(exposed.map(({ definition }) => [nameKey(definition), columnsText(definition)] as const));
}

/** Equal for tables that are alike as partitions. */
const columnsText = ({ columns }: Definition): string =>
  JSON.stringify(
    columns
      .map(({ name, type, notNull, collation, generated }) => {
        return { name, type, notNull, collation, generated: generated?.key ?? null };
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1)),
  );
