import type { Config } from '../../config/config.js';
import { allVeneers } from '../../fleet/leave-out.js';
import { allMembers } from '../../fleet/member.js';

/**
 * By whose locks it is proved that no run has passed that leaves this fleet's first member out: of one of these lists
 * every lock has to be ours without a break. Empty: nobody can leave it out, and its own lock proves it. Pure.
 *
 * Why each is enough: such a run does nothing before it holds the lock of every shard whose anchor stays, and that of
 * some veneer besides. So it has met one shard that is ours, and one of all other veneers.
 */
export function witnessesOf(config: Config, first: string): readonly (readonly string[])[] {
  const others = allVeneers(config).filter(({ name }) => name !== first);
  const isVeneer = config.veneers.some(({ name }) => name === first);
  if (!isVeneer || others.length === 0 || config.shards.some(({ key }) => key === first)) return [];
  const staying = allMembers(config).filter(
    ({ shard, connected }) => shard !== null && connected === 'throughout',
  );
  return [...staying.map(({ name }) => [name]), others.map(({ name }) => name)];
}
