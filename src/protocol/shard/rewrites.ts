import { EXIT, VeneerError } from '../../errors.js';
import { roleOf } from '../../fleet/member.js';
import { display } from '../../postgres/identifiers.js';
import type { Lane } from '../lane/lane.js';
import type { ShardChanges } from './shard-changes.js';

/**
 * A shard that is a veneer too commits together with those that show it, in no order. A reader that comes through one
 * that is first takes its snapshot before the last has committed, and would read zero rows of what is rewritten or replaced there.
 */
export function refuseInMesh({ run, shard }: Lane, { rewritten }: ShardChanges): void {
  const [first] = rewritten;
  if (first === undefined || run.offline || roleOf(run.config, shard.name) !== 'shard+veneer') return;
  throw new VeneerError(
    `the migration rewrites, truncates or replaces ${display(first)} on ${shard.name}, which is shard and veneer`,
    {
      exitCode: EXIT.failed,
      where: { member: shard.name },
      hint: 'add a new column, fill it, and switch over; or keep everybody out, and run migrate up --offline',
    },
  );
}

/** Does a step need the fence (PROTOCOL section 5)? By policy.rewrites; throws (exit 20) where that refuses. A fleet without veneers has no remote snapshots. */
export function needsFence(lane: Lane, { rewritten, tightened }: ShardChanges): boolean {
  const { config } = lane.run;
  const [first] = rewritten;
  if (config.veneers.length === 0 || config.policy.rewrites === 'allow') return false;
  if (first === undefined || config.policy.rewrites === 'fence')
    return [...rewritten, ...tightened].length > 0;
  throw new VeneerError(
    `the migration rewrites, truncates or replaces ${display(first)}, and policy.rewrites refuses that`,
    {
      exitCode: EXIT.failed,
      where: { member: lane.shard.name },
      hint: 'add a new column, fill it, and switch over; or set policy.rewrites to fence',
    },
  );
}
