import type { RelationName } from '../../catalog/relations/read-relation-names.js';
import { remoteOf, type ForeignTableHead } from '../../catalog/relations/relation.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import {
  exposureOf,
  homeOf,
  verdictOn,
  type Exposure,
  type Verdict,
} from '../../veneer/exposure/exposure.js';

/** What is there, by name alone. */
export interface WhyNames {
  /** By member; those that could not be read are missing. */
  readonly shards: ReadonlyMap<string, readonly RelationName[]>;
  readonly veneers: ReadonlyMap<string, VeneerNames>;
}

export interface VeneerNames {
  /** All of its relations. */
  readonly names: readonly RelationName[];
  /** Those of them that are foreign tables of the fleet. */
  readonly heads: readonly ForeignTableHead[];
}

/** One relation of a shard, seen from one veneer. */
export interface WhyTarget {
  /** Null: the fleet has none. */
  readonly veneer: string | null;
  readonly shard: ShardConfig;
  readonly exposure: Exposure;
  /** Its name on the shard. */
  readonly remote: QualifiedName;
  /** Null: the shard has none of this name, or was not asked. */
  readonly relation: RelationName | null;
  readonly verdict: Verdict;
  /** The foreign tables that show it, or stand under its name. */
  readonly heads: readonly ForeignTableHead[];
}

/** Every relation of every shard from every veneer, and foreign tables whose relation is gone. Pure. */
export function allTargets(config: Config, names: WhyNames): WhyTarget[] {
  const judged = new Map(config.shards.map((shard) => [shard.name, judge(config, shard, names)]));
  const on = (veneer: string | null, shards: readonly ShardConfig[]): WhyTarget[] =>
    shards.flatMap((shard) => {
      const heads = veneer === null ? [] : (names.veneers.get(veneer)?.heads ?? []);
      return targetsOf(
        veneer,
        shard,
        judged.get(shard.name) ?? judge(config, shard, names),
        heads.filter(({ server }) => server === shard.server.name),
      );
    });
  if (config.veneers.length === 0) return on(null, config.shards);
  return config.veneers.flatMap(({ name }) => [
    ...on(name, shardsShownOn(config, name)),
    // What it has itself, it does not show.
    ...on(
      name,
      config.shards.filter((shard) => shard.name === name),
    ),
  ]);
}

/** A shard's relations with what the rules say of them. */
interface Judged {
  readonly exposure: Exposure;
  /** By name on the shard. */
  readonly relations: ReadonlyMap<string, RelationName>;
  readonly verdictOf: (remote: QualifiedName) => Verdict;
  /** By name on a veneer, the name on the shard. */
  readonly shown: ReadonlyMap<string, string>;
}

function judge(config: Config, shard: ShardConfig, names: WhyNames): Judged {
  const exposure = exposureOf(config, shard);
  // What a member in both roles shows of the others, it does not have.
  const shownThere = new Set((names.veneers.get(shard.name)?.heads ?? []).map(({ oid }) => oid));
  const relations = (names.shards.get(shard.name) ?? []).filter(({ oid }) => !shownThere.has(oid));
  const verdicts = new Map(relations.map((one) => [nameKey(one), verdictOn(exposure, one)]));
  const shown = [...verdicts].flatMap(([key, verdict]) =>
    verdict.kind === 'shown' ? [[nameKey(verdict.shown.name), key] as const] : [],
  );
  return {
    exposure,
    relations: new Map(relations.map((one) => [nameKey(one), one])),
    verdictOf: (remote) => verdicts.get(nameKey(remote)) ?? verdictOn(exposure, remote),
    shown: new Map(shown),
  };
}

function targetsOf(
  veneer: string | null,
  shard: ShardConfig,
  { exposure, relations, verdictOf, shown }: Judged,
  heads: readonly ForeignTableHead[],
): WhyTarget[] {
  const byName = groupBy(heads, nameKey);
  // One that stands under the name of another relation is that one's matter.
  const own = heads.filter((head) => {
    const owner = shown.get(nameKey(head));
    return owner === undefined || owner === nameKey(remoteOf(head));
  });
  const byRemote = groupBy(own, (head) => nameKey(remoteOf(head)));
  const remotes = new Map<string, QualifiedName>([
    ...own.map((head) => [nameKey(remoteOf(head)), remoteOf(head)] as const),
    ...relations,
  ]);
  const inOrder = [...remotes].toSorted(([one], [other]) => Number(one > other) - Number(one < other));
  return inOrder.map(([key, { schema, name }]) => {
    const remote = { schema, name };
    const verdict = verdictOf(remote);
    const under = verdict.kind === 'shown' ? (byName.get(nameKey(verdict.shown.name)) ?? []) : [];
    return {
      veneer,
      shard,
      exposure,
      remote,
      relation: relations.get(key) ?? null,
      verdict,
      heads: [...new Set([...(byRemote.get(key) ?? []), ...under])],
    };
  });
}

/** The names that a target goes by: on the shard, by its rule, and on the veneer. Pure. */
export const namesOfTarget = ({ remote, verdict, heads }: WhyTarget): QualifiedName[] => [
  remote,
  ...(verdict.kind === 'shown' ? [verdict.shown.name] : []),
  ...heads,
];

/** A relation of that name on each shard that was not read, where it would be a tenant's. Pure. */
export function guessedTargets(config: Config, names: WhyNames, wanted: QualifiedName): WhyTarget[] {
  const unread = allTargets(config, {
    veneers: names.veneers,
    shards: new Map(
      config.shards
        .filter(({ name }) => !names.shards.has(name))
        .map((shard) => [shard.name, guessesOn(exposureOf(config, shard), wanted)]),
    ),
  });
  return unread
    .filter(({ relation }) => relation?.oid === '')
    .map((target) => ({ ...target, relation: null }));
}

const guessesOn = (exposure: Exposure, wanted: QualifiedName): RelationName[] =>
  [...exposure.tenants.values()]
    .filter((tenant) => [tenant.schema, homeOf(exposure, tenant).schema].includes(wanted.schema))
    .map(({ schema }) => ({ schema, name: wanted.name, oid: '', kind: 'r', isPartition: false }));
