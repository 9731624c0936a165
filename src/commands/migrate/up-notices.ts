import { groupBy } from '../../group-by.js';
import type { UpShard } from '../../report/up.js';
import { writeNotices } from '../../report/writes.js';

/** That what was to be on all shards or on none was not safe to be so. */
export function atOnceText(shards: readonly UpShard[]): string[] {
  const apart = shards.filter(({ steps }) => steps.some(({ notAtOnce }) => notAtOnce.length > 0));
  if (apart.length === 0) return [];
  const names = apart.map(({ shard }) => shard).join(', ');
  return [
    `${names} committed one after the other, as shards do in lock-step: all or none takes max_prepared_transactions`,
  ];
}

/** Over all shards together: a migration does the same to each. */
export function writesText(shards: readonly UpShard[]): string[] {
  const steps = shards.flatMap((shard) => shard.steps);
  return [...groupBy(steps, ({ migration }) => migration)].flatMap(([migration, same]) =>
    writeNotices(
      migration,
      same.flatMap(({ writes }) => writes),
    ),
  );
}
