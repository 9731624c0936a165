import type { ShardConfig } from '../../config/config.js';
import { remoteOf } from '../../catalog/relations/relation.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { nameKey, sameName } from '../../postgres/identifiers.js';
import type { Plan } from '../../migrations/plan/plan.js';
import { byGrade, type Drift } from '../../report/drift/drift.js';
import { boundsDrift, homeDrift, type Home } from '../../report/drift/drift-of-bounds.js';
import { behindDrift } from '../../report/drift/drift-of-shards.js';
import {
  mappingDrift,
  mappingsOf,
  privilegeDrift,
  serverDrift,
  type MappingStatus,
} from '../../report/drift/drift-of-servers.js';
import {
  leftDatabase,
  leftTenants,
  listDrift,
  unfinishedDatabase,
} from '../../report/drift/drift-of-tenants.js';
import { unionDrift } from '../../report/drift/drift-of-unions.js';
import { tableDrift } from '../../report/drift/drift-of-tables.js';
import { exposureOf } from '../../veneer/exposure/exposure.js';
import { unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import { siblingDrift } from './status-siblings.js';
import { placedOn, typesDrift } from './status-types.js';
import type { StatusFacts } from './status-facts.js';

/** All drift that the facts show, the worst first. Pure. */
export const driftOf = (facts: StatusFacts, plan: Plan): Drift[] =>
  [
    ...tablesDrift(facts),
    ...[...facts.veneerFacts.values()].flatMap(({ name, unions }) => unionDrift(name, unions ?? [])),
    ...serversDrift(facts),
    ...privilegesDrift(facts),
    ...tenantsDrift(facts),
    ...facts.marked.map(({ shard, database, mark }) =>
      unfinishedDatabase(shard, database, mark.kind, mark.run),
    ),
    ...ledgerDrift(plan),
    ...siblingDrift(
      facts.siblings,
      new Set(facts.shards.flatMap(({ tenants }) => tenants.map(({ name }) => name))),
    ),
    ...facts.unknownSteps.map(behindDrift),
    ...homeDrift(withoutHome(facts)),
    ...boundsDrift([...facts.bounds.values()].flatMap(({ changed }) => changed)),
  ].toSorted(byGrade);

function tablesDrift({ config, shards, shardFacts, veneerFacts, veneerTypes, taken }: StatusFacts): Drift[] {
  return [...veneerFacts.values()].flatMap((veneer) =>
    shownShards(config, shards, veneer.name).flatMap(({ name, server, tenants }) => {
      const facts = shardFacts.get(name);
      const there = veneerTypes.get(veneer.name);
      if (!facts?.exposed || veneer.tables === null || there === undefined) return [];
      const selected = new Set(tenants.map((tenant) => tenant.name));
      const unselected = unselectedSchemas(config, name, selected);
      const drift = tableDrift({
        shard: name,
        veneer: veneer.name,
        version: veneer.version,
        exposure: exposureOf(config, facts.shard),
        exposed: placedOn(there, facts.exposed),
        unsupported: unsupportedTypes(facts.types, veneer.version),
        present: veneer.tables.filter(
          (table) => table.server === server.name && !unselected.has(remoteOf(table).schema),
        ),
        occupied: taken.get(veneer.name) ?? [],
      });
      const types = typesDrift(config, veneer.name, facts, there);
      return [...types, ...drift].filter(
        ({ where }) => where.tenant === undefined || selected.has(where.tenant),
      );
    }),
  );
}

/** Schemas of a shard's tenants that were not selected, and so not read. */
const unselectedSchemas = (
  { shards }: StatusFacts['config'],
  shard: string,
  selected: ReadonlySet<string>,
): ReadonlySet<string> => {
  const tenants = shards.find(({ name }) => name === shard)?.tenants ?? [];
  return new Set(tenants.filter(({ name }) => !selected.has(name)).map(({ schema }) => schema));
};

/** The selected shards that a veneer shows. */
function shownShards(
  config: StatusFacts['config'],
  selected: StatusFacts['shards'],
  veneer: string,
): ShardConfig[] {
  const shown = new Map(shardsShownOn(config, veneer).map((shard) => [shard.name, shard]));
  return selected.flatMap((shard) => {
    const server = shown.get(shard.name)?.server;
    return server === undefined ? [] : [{ ...shard, server }];
  });
}

/** The user mappings of the selected shards on all veneers that were read. Pure. */
export const mappingStates = ({ config, shards, veneerFacts, probes }: StatusFacts): MappingStatus[] =>
  [...veneerFacts.values()].flatMap(({ name, mappings }) =>
    shownShards(config, shards, name).flatMap((shard) =>
      mappingsOf(name, shard, mappings, probes.get(name) ?? []),
    ),
  );

function serversDrift(facts: StatusFacts): Drift[] {
  const { config, shards, veneerFacts } = facts;
  const states = mappingStates(facts);
  return [...veneerFacts.values()].flatMap((veneer) =>
    shownShards(config, shards, veneer.name).flatMap((shard) => {
      const present = veneer.servers.find((server) => server.name === shard.server.name);
      const server = serverDrift(veneer.name, shard, present);
      const mappings = states
        .filter((one) => one.veneer === veneer.name && one.shard === shard.name)
        // By a server that leads elsewhere no mapping works: that is told of the server.
        .filter(({ works }) => works !== 'no' || server.length === 0);
      return [...server, ...mappings.flatMap((one) => mappingDrift(one, shard.server.name))];
    }),
  );
}

function privilegesDrift({ shardFacts, veneerFacts }: StatusFacts): Drift[] {
  const onVeneers = [...veneerFacts.values()].flatMap(({ name, wantedPrivileges, privileges }) =>
    privilegeDrift({ veneer: name }, wantedPrivileges, privileges, { sequences: false }),
  );
  const onShards = [...shardFacts.values()].flatMap(({ shard, wantedPrivileges, privileges }) =>
    privilegeDrift({ shard: shard.name }, wantedPrivileges, privileges, { sequences: true }),
  );
  return [...onVeneers, ...onShards];
}

/** Tenants of shards that are looked at with all of their tenants. */
const tenantsDrift = ({ config, shards, shardFacts, veneerFacts }: StatusFacts): Drift[] => [
  ...config.shards.flatMap((shard) => {
    const selected = shards.find(({ name }) => name === shard.name);
    const ledger = shardFacts.get(shard.name)?.ledger ?? [];
    return selected?.tenants.length === shard.tenants.length ? leftTenants(config, shard, ledger) : [];
  }),
  ...[...veneerFacts.values()].filter(({ listsOthers }) => listsOthers).map(({ name }) => listDrift(name)),
  ...[...veneerFacts.values()].flatMap((veneer) =>
    veneer.leftTenants.map(({ tenant, shard }) => leftDatabase(config, veneer.name, { tenant, shard })),
  ),
];

/** What members in both roles have themselves of what they show of the others, and not attached as the rule says. */
const withoutHome = ({ shards, shardFacts, veneerFacts }: StatusFacts): Home[] =>
  shards.flatMap(({ name, tenants }) => {
    const facts = shardFacts.get(name);
    if (facts === undefined || !veneerFacts.has(name)) return [];
    const selected = new Set<string | null>([null, ...tenants.map((tenant) => tenant.name)]);
    const parents = new Map(facts.partitions.map(({ table, parent }) => [nameKey(table), parent]));
    return (facts.exposed ?? []).flatMap(({ definition: { partition, tenant, remote } }) => {
      const present = parents.get(nameKey(remote)) ?? null;
      if (partition === null || !selected.has(tenant)) return [];
      if (present !== null && sameName(present, partition.of)) return [];
      return [
        { shard: name, tenant, table: remote, parent: partition.of, bounds: partition.bounds, present },
      ];
    });
  });

/** Files against ledger: what `up` would refuse. */
const ledgerDrift = (plan: Plan): Drift[] =>
  plan.problems.map((problem) => ({
    kind: 'ledger',
    grade: 'cosmetic',
    where: problem.where ?? {},
    object: problem.where?.migration ?? '',
    text: problem.message,
    consequence: 'migrate up refuses to run until this is settled',
    cure: problem.hint ?? 'restore the file',
  }));
