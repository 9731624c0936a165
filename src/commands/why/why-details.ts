import type { Config } from '../../config/config.js';
import { nameKey, sameName } from '../../postgres/identifiers.js';
import { reachedFrom, usedBy } from '../../protocol/shard/shard-types.js';
import type { VeneerDetails, WhyDetails } from '../../report/why/why-relation.js';
import type { WhyTarget } from '../../report/why/why-targets.js';
import { unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import { placedOn, typesDrift } from '../status/status-types.js';
import type { WhyShard } from './why-shards.js';
import type { WhyVeneer } from './why-veneers.js';

/** Of all that was read, what concerns one target. Pure. */
export function detailsOf(
  config: Config,
  target: WhyTarget,
  shards: ReadonlyMap<string, WhyShard>,
  veneers: ReadonlyMap<string, WhyVeneer>,
): WhyDetails {
  const facts = shards.get(target.shard.name);
  const veneer = target.veneer === null ? undefined : veneers.get(target.veneer);
  const own = facts === undefined ? undefined : onlyOf(target, facts);
  const exposed = own?.exposed ?? null;
  return {
    exposed: exposed === null || veneer === undefined ? exposed : placedOn(veneer.types, exposed),
    unsupported: unsupportedTypes(own?.types ?? [], veneer?.version ?? 0),
    there: own?.privileges ?? null,
    veneer: veneer === undefined ? null : veneerDetails(config, target, own, veneer),
  };
}

/** The relation alone, with the types that it uses. */
function onlyOf({ remote }: WhyTarget, facts: WhyShard): WhyShard {
  const exposed = facts.exposed?.filter(({ definition }) => sameName(definition.remote, remote)) ?? null;
  const used = usedBy((exposed ?? []).map(({ definition }) => definition));
  return { ...facts, exposed, types: reachedFrom(facts.types, used) };
}

function veneerDetails(
  config: Config,
  { shard, heads }: WhyTarget,
  own: WhyShard | undefined,
  { name, version, servers, mappings, tables, occupied, privileges, types }: WhyVeneer,
): VeneerDetails {
  const stand = new Set(heads.map(nameKey));
  return {
    version,
    server: servers.find((one) => one.name === shard.server.name),
    mappings,
    tables:
      tables?.filter((table) => table.server === shard.server.name && stand.has(nameKey(table))) ?? null,
    occupied,
    privileges,
    types: own === undefined ? [] : typesDrift(config, name, own, types),
  };
}
