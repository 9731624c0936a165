import type { GroupShard } from './group.js';
import type { ShardChanges } from '../shard/shard-changes.js';

/** A shard on which the migration has run. */
export interface ShardDone {
  readonly shard: GroupShard;
  readonly xid: string;
  readonly changes: ShardChanges;
  readonly fence: boolean;
  /** All foreign tables of the shard were locked before. */
  readonly fenced: boolean;
}
