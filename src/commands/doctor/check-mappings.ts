import type { Config, ShardConfig } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { mappingDrift, mappingsOf, type MappingStatus } from '../../report/drift/drift-of-servers.js';
import type { Readers } from '../common/readers.js';
import type { MappingsTried } from '../setup/try-mappings.js';
import { readShardFacts, readVeneerFacts, type ShardFacts } from '../status/facts.js';
import { probeMappings } from '../status/probe-mappings.js';
import { readAll } from '../status/read-all.js';
import { failed, failedBy, notAsked, ok } from './outcomes.js';

/** The users of a shard's mappings, as they log in from this machine: what setup tries before it writes them. Pure. */
export function passwordsCheck({ name, userMappings }: ShardConfig, tried: MappingsTried): DoctorCheck {
  const refused = tried.refused.get(name);
  if (refused !== undefined) return failedBy('passwords', refused);
  const untried = tried.untried.get(name) ?? [];
  if (untried.length > 0) return notAsked('passwords', untried.join('; '));
  const users = new Set(userMappings.flatMap(({ user, password }) => (password === null ? [] : [user])));
  return ok('passwords', users.size === 0 ? 'none in shards.yaml' : `accepted of ${[...users].join(', ')}`);
}

/** By veneer, whether the mappings of these shards work from there: a read of a foreign table by each, as status tries them. */
export async function mappingsChecks(
  config: Config,
  shards: readonly ShardConfig[],
  veneers: Config['veneers'],
  { sessionOf }: Readers,
): Promise<ReadonlyMap<string, readonly DoctorCheck[]>> {
  const problems = new Map<string, Problem>();
  const shardFacts = await readAll(shards, problems, (shard) =>
    readShardFacts(config, shard, sessionOf(shard.name)),
  );
  const checks = await readAll(veneers, problems, ({ name }) =>
    mappingsOn(config, name, shardFacts, sessionOf),
  );
  const whyNot = (name: string): string => problems.get(name)?.message ?? 'it could not be read';
  const lost = shards.map(({ name }) => name).filter((name) => !shardFacts.has(name));
  return new Map(
    veneers.map(({ name }) => [
      name,
      [
        ...(checks.get(name) ?? [notAsked('user mappings', whyNot(name))]),
        ...lost
          .filter((shard) => shard !== name)
          .map((shard) => notAsked('user mappings', `those to ${shard}: ${whyNot(shard)}`)),
      ],
    ]),
  );
}

async function mappingsOn(
  config: Config,
  veneer: string,
  shardFacts: ReadonlyMap<string, ShardFacts>,
  sessionOf: Readers['sessionOf'],
): Promise<DoctorCheck[]> {
  const facts = await readVeneerFacts(config, veneer, sessionOf(veneer));
  const probes = await probeMappings(config, sessionOf(veneer), facts, shardFacts);
  const shown = shardsShownOn(config, veneer).filter(({ name }) => shardFacts.has(name));
  return mappingChecks(
    shown.flatMap((shard) =>
      mappingsOf(veneer, shard, facts.mappings, probes).map((mapping) => ({
        mapping,
        server: shard.server.name,
      })),
    ),
  );
}

interface Tried {
  readonly mapping: MappingStatus;
  readonly server: string;
}

/** Each that does not work, in the words of its drift; the rest counted, with why some are not known to. Pure. */
export function mappingChecks(all: readonly Tried[]): DoctorCheck[] {
  if (all.length === 0) return [];
  const broken = all.filter(({ mapping }) => mapping.works === 'no');
  const untried = all.filter(({ mapping }) => mapping.works === 'not probed');
  const why = [
    ...new Set(
      untried.map(({ mapping: { definition, why } }) => (definition === 'missing' ? 'not made yet' : why)),
    ),
  ];
  const working = all.length - broken.length - untried.length;
  return [
    ...broken.flatMap(({ mapping, server }) =>
      mappingDrift(mapping, server).map(({ object, text, cure }) =>
        failed('user mappings', `${object}: ${text}`, cure),
      ),
    ),
    ...(untried.length > 0
      ? [notAsked('user mappings', `${untried.length} of ${all.length} were not tried: ${why.join('; ')}`)]
      : working > 0
        ? [ok('user mappings', `${working} work`)]
        : []),
  ];
}
