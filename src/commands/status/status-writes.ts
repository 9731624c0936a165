import { remoteOf } from '../../catalog/relations/relation.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { TableWrites } from '../../report/writes.js';
import { limitsOnce } from '../../veneer/writes.js';
import type { StatusFacts } from './status-facts.js';

/** The tables that take fewer INSERTs through a veneer than on their shard, with what those suffer. Pure. */
export function writesOf({ config, shards, shardFacts, veneerFacts }: StatusFacts): TableWrites[] {
  return [...veneerFacts.values()].flatMap(({ name: veneer, version, tables }) => {
    const limitsFor = limitsOnce(version);
    return shardsShownOn(config, veneer).flatMap((shard) => {
      const tenants = shards.find(({ name }) => name === shard.name)?.tenants ?? [];
      const selected = new Set(tenants.map((tenant) => tenant.name));
      const shown = (tables ?? []).filter(({ server }) => server === shard.server.name);
      const present = new Map(shown.map((table) => [nameKey(table), table]));
      return (shardFacts.get(shard.name)?.exposed ?? []).flatMap((exposed): TableWrites[] => {
        const { relation, definition } = exposed;
        const { schema, name, tenant } = definition;
        const table = present.get(nameKey(definition));
        if (
          (tenant !== null && !selected.has(tenant)) ||
          table === undefined ||
          nameKey(remoteOf(table)) !== nameKey(relation)
        )
          return [];
        const limits = limitsFor(exposed, table);
        return limits.length === 0
          ? []
          : [{ table: { schema, name }, tenant, limits, shard: shard.name, veneer }];
      });
    });
  });
}
