import type { ShardConfig } from '../config/config.js';
import { shardsShownOn } from '../fleet/shown-shards.js';
import type { Plan } from '../migrations/plan.js';
import type { Drift } from '../report/drift.js';
import { mappingDrift, privilegeDrift, serverDrift } from '../report/drift-of-servers.js';
import { tableDrift } from '../report/drift-of-tables.js';
import { exposureOf } from '../veneer/exposure.js';
import { unsupportedTypes } from '../veneer/supported-types.js';
import { placedOn, typesDrift } from './status-types.js';
import type { StatusFacts } from './status-facts.js';

/** All drift that the facts show, the worst first. Pure. */
export const driftOf = (facts: StatusFacts, plan: Plan): Drift[] =>
  [...tablesDrift(facts), ...serversDrift(facts), ...ledgerDrift(plan)].toSorted(byGrade);

function tablesDrift({ config, shards, shardFacts, veneerFacts, veneerTypes, taken }: StatusFacts): Drift[] {
  return [...veneerFacts.values()].flatMap((veneer) =>
    shownShards(config, shards, veneer.name).flatMap(({ name, server, tenants }) => {
      const facts = shardFacts.get(name);
      const there = veneerTypes.get(veneer.name);
      if (!facts?.exposed || veneer.tables === null || there === undefined) return [];
      const selected = new Set(tenants.map((tenant) => tenant.name));
      const drift = tableDrift({
        shard: name,
        veneer: veneer.name,
        version: veneer.version,
        exposure: exposureOf(config, facts.shard),
        exposed: placedOn(there, facts.exposed),
        unsupported: unsupportedTypes(facts.types, veneer.version),
        present: veneer.tables.filter((table) => table.server === server.name),
        occupied: taken.get(veneer.name) ?? [],
      });
      const types = typesDrift(config, veneer.name, facts, there);
      return [...types, ...drift].filter(
        ({ where }) => where.tenant === undefined || selected.has(where.tenant),
      );
    }),
  );
}

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

function serversDrift({ config, shards, shardFacts, veneerFacts }: StatusFacts): Drift[] {
  const onVeneers = [...veneerFacts.values()].flatMap((veneer) => [
    ...shownShards(config, shards, veneer.name).flatMap((shard) => [
      ...serverDrift(
        veneer.name,
        shard,
        veneer.servers.find((server) => server.name === shard.server.name),
      ),
      ...mappingDrift(veneer.name, shard, veneer.mappings),
    ]),
    ...privilegeDrift({ veneer: veneer.name }, veneer.wantedPrivileges, veneer.privileges, {
      sequences: false,
    }),
  ]);
  const onShards = [...shardFacts.values()].flatMap(({ shard, wantedPrivileges, privileges }) =>
    privilegeDrift({ shard: shard.name }, wantedPrivileges, privileges, { sequences: true }),
  );
  return [...onVeneers, ...onShards];
}

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

const GRADES: readonly Drift['grade'][] = ['wrong answers', 'error', 'writes break', 'invisible', 'cosmetic'];

const byGrade = (a: Drift, b: Drift): number => GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade);
