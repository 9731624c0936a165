import { readExtensions } from '../../catalog/read-extensions.js';
import { readCapturedTypes } from '../../catalog/captured/read-captured-types.js';
import { readForeignTables } from '../../catalog/relations/read-foreign-tables.js';
import { readSchemas } from '../../catalog/read-privileges.js';
import { readTypes } from '../../catalog/types/read-types.js';
import {
  readRangeColumns,
  readTypeUsers,
  readUnused,
  type TypeUser,
} from '../../catalog/types/read-type-users.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { UserType } from '../../catalog/types/type.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isMade, type MadeType } from '../../veneer/types/create-type.js';
import type { Definition } from '../../veneer/exposure/definition.js';
import { exposureOf } from '../../veneer/exposure/exposure.js';
import {
  extensionRules,
  missingExtensions,
  neededExtensions,
  placesOf,
  type NeededExtension,
} from '../../veneer/extensions.js';
import { mapTypes } from '../../veneer/exposure/map-types.js';
import { NO_TYPES, reconcileTypes, type TypePlan } from '../../veneer/types/reconcile-types.js';
import { aroundRanges } from '../../veneer/types/replace-range.js';
import { keepingWhatTheyHad } from '../../veneer/types/restore-type.js';
import { knownOn, refuseUnsupported, unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import { ownSchemas, placedNaming } from '../../veneer/exposure/type-names.js';
import { valuesUsed } from '../../veneer/exposure/values-used.js';
import { agreeingOnTypes } from './agreeing-types.js';
import {
  refuseOccupiedTypes,
  refuseOthersTypes,
  refuseSharedTypes,
  sharingBeyond,
  wantedByAll,
} from './refuse-types.js';
import { reachedFrom, type ShardTypes } from '../shard/shard-types.js';

/** What one shard of a group wants a veneer's types to be. */
export interface TypesOfShard {
  readonly shard: ShardConfig;
  readonly definitions: readonly Definition[];
  readonly types: ShardTypes;
}

/** What is to be done on a veneer before its foreign tables are changed, and after. */
export interface TypeWork {
  readonly extensions: readonly NeededExtension[];
  /** To be made: those of shared types; a tenant's is made by setup. */
  readonly schemas: readonly string[];
  readonly types: TypePlan;
  /** Relations that reach a type which changes: no reader may pass between the commits of shard and veneer. */
  readonly gates: readonly ForeignTable[];
  readonly parents: readonly QualifiedName[];
  /** Dropped on the shard: to be dropped as soon as nothing is made of them. */
  readonly leaving: readonly UserType[];
  /** It makes or changes what other shards show through, too. */
  readonly shared: boolean;
}

export const NO_TYPE_WORK: TypeWork = {
  extensions: [],
  schemas: [],
  types: NO_TYPES,
  gates: [],
  parents: [],
  leaving: [],
  shared: false,
};

export const isIdle = ({ extensions, schemas, types, leaving }: TypeWork): boolean =>
  extensions.length + schemas.length + types.before.length + types.after.length + leaving.length === 0;

/**
 * Whether shards outside of the group may show through a type that changes: they may where they have the same. That is known
 * already, or asked of them; null: there is nobody to ask.
 */
export type Beyond = 'agreed' | ((shard: string) => Session | null);

/**
 * Decides what a group of shards needs of a veneer's types. Reads only. Throws (exit 20), by name, what cannot
 * be.
 */
export async function planTypes(
  config: Config,
  veneer: Session,
  shards: readonly TypesOfShard[],
  beyond: Beyond,
): Promise<TypeWork> {
  const busy = shards.filter(({ types }) => types.types.length + types.moves.length > 0);
  if (busy.length === 0) return NO_TYPE_WORK;
  for (const { shard, definitions, types } of busy)
    refuseUnsupported(shard.name, definitions, unsupportedTypes(types.types, veneer.server.version));
  const { extensions, placed } = await placeTypes(config, veneer, busy);
  const moves = placed.flatMap(({ types }) => types.moves);
  const names = [
    ...placed.flatMap(({ types }) => types.types.filter(isMade)),
    ...moves.map(({ from }) => from),
  ];
  const [present, users] = await allDone([readNamed(veneer, names), readTypeUsers(veneer, names)]);
  const wanted = wantedByAll(
    placed.map((one) => ({ shard: one.shard.name, types: wantedBy(one, present, users) })),
  );
  refuseOccupiedTypes(veneer.member, wanted, present);
  const used = valuesUsed(
    shards.flatMap(({ definitions }) => definitions),
    veneer.server.version,
  );
  const types = await withWhatTheyHad(
    veneer,
    reconcileTypes({ wanted, present: present.filter(isMade), moves, used }),
  );
  const changed = new Set(types.before.flatMap(({ kind, oid }) => (kind === 'create' ? [] : (oid ?? []))));
  const own = ownSchemasOf(config);
  const reached = users.filter(({ type }) => changed.has(type));
  refuseOthersTypes(veneer.member, {
    changed: present.filter(({ oid }) => changed.has(oid)),
    users,
    servers: config.shards.map(({ server }) => server.name),
    unused: await readUnused(veneer, [...changed]),
    own,
  });
  if (beyond !== 'agreed') {
    const parts = { config, group: shards.map(({ shard }) => shard), busy: busy.map(({ shard }) => shard) };
    const changing = { present, reached, wanted, moves };
    const agreeing = await agreeingOnTypes(sharingBeyond(parts, reached), changing, beyond);
    refuseSharedTypes({ ...parts, agreeing }, reached, present);
  }
  const touched = types.before.map(({ type }) => type);
  return {
    extensions,
    types,
    schemas: await missingSchemas(veneer, [...touched, ...extensions], own),
    gates: await readGates(config, veneer, reached),
    parents: reached.filter(({ kind }) => kind === 'partitioned'),
    leaving: leavingOf(placed, present, wanted, own),
    shared: extensions.length > 0 || touched.some(({ schema }) => !own.has(schema)),
  };
}

/** A step that touches types asks for them several times, and they are as many as the fleet has tenants. */
const ownKnown = new WeakMap<Config, ReadonlySet<string>>();

function ownSchemasOf(config: Config): ReadonlySet<string> {
  const known = ownKnown.get(config) ?? ownSchemas(config.shards.map((shard) => exposureOf(config, shard)));
  ownKnown.set(config, known);
  return known;
}

/** A type that is made anew keeps its owner, privileges and comments. */
async function withWhatTheyHad(veneer: Session, plan: TypePlan): Promise<TypePlan> {
  const oidsOf = (kinds: readonly MadeType['kind'][]): string[] =>
    plan.before.flatMap(({ made, oid }) =>
      made !== undefined && kinds.includes(made.kind) ? (oid ?? []) : [],
    );
  const captured = await readCapturedTypes(veneer, oidsOf(['enum', 'domain', 'composite', 'range']));
  const columns = await readRangeColumns(veneer, oidsOf(['range']));
  return aroundRanges(keepingWhatTheyHad(plan, captured, veneer.server.user), columns);
}

/** The extensions to be made, and the types as the veneer knows them: those of extensions where it has the extension. */
async function placeTypes(
  config: Config,
  veneer: Session,
  shards: readonly TypesOfShard[],
): Promise<{
  readonly extensions: readonly NeededExtension[];
  readonly placed: readonly TypesOfShard[];
}> {
  const needed = shards.flatMap(({ definitions, types }) =>
    neededExtensions(definitions, reachedFrom(types.types, types.used)),
  );
  const states = await readExtensions(veneer, [...new Set(needed.map(({ name }) => name))]);
  const extensions = missingExtensions(veneer.member, needed, states, extensionRules(config));
  const naming = placedNaming(placesOf(states, extensions));
  const known = (types: ShardTypes): ShardTypes => ({
    ...types,
    types: mapTypes(knownOn(types.types, veneer.server.version), naming),
  });
  return { extensions, placed: shards.map((one) => ({ ...one, types: known(one.types) })) };
}

async function readNamed(veneer: Session, names: readonly QualifiedName[]): Promise<UserType[]> {
  const keys = new Set(names.map(nameKey));
  const types = await readTypes(veneer, { names });
  return types.filter((type) => keys.has(nameKey(type)));
}

/**
 * What the definitions use, and of the changed types those that a foreign table of the shard already reaches on the
 * veneer. Any other type of the shard is none of the veneer's business.
 */
function wantedBy(
  { shard, types: { types, used, changed, moves } }: TypesOfShard,
  present: readonly UserType[],
  users: readonly TypeUser[],
): UserType[] {
  const shown = new Set(users.filter(({ server }) => server === shard.server.name).map(({ type }) => type));
  const there = new Set(present.filter(({ oid }) => shown.has(oid)).map(nameKey));
  const before = new Map(
    moves.flatMap(({ from, to }) => (to === null ? [] : [[nameKey(to), nameKey(from)]])),
  );
  const follows = types.filter(
    (type) =>
      changed.has(type.oid) && (there.has(nameKey(type)) || there.has(before.get(nameKey(type)) ?? '')),
  );
  return reachedFrom(types, new Set([...used, ...follows.map(({ oid }) => oid)]));
}

async function readGates(
  config: Config,
  veneer: Session,
  reached: readonly TypeUser[],
): Promise<ForeignTable[]> {
  const named = reached.filter(({ kind }) => kind === 'foreign');
  if (named.length === 0) return [];
  const names = new Set(named.map(nameKey));
  const servers = config.shards.map(({ server }) => server.name);
  const tables = await readForeignTables(veneer, servers, named);
  return tables.filter((table) => names.has(nameKey(table)));
}

async function missingSchemas(
  veneer: Session,
  places: readonly { readonly schema: string }[],
  own: ReadonlySet<string>,
): Promise<string[]> {
  const schemas = [...new Set(places.map(({ schema }) => schema))].filter((schema) => !own.has(schema));
  if (schemas.length === 0) return [];
  const present = await readSchemas(veneer, schemas);
  return schemas.filter((schema) => !present.has(schema));
}

/** A tenant's types that its shard has no more. What is shared stays: others may use it. */
function leavingOf(
  shards: readonly TypesOfShard[],
  present: readonly UserType[],
  wanted: readonly UserType[],
  own: ReadonlySet<string>,
): UserType[] {
  const gone = new Set(
    shards.flatMap(({ types }) =>
      types.moves.flatMap(({ from, to }) => (to === null ? [nameKey(from)] : [])),
    ),
  );
  const kept = new Set(wanted.map(nameKey));
  return present.filter(
    (type) => isMade(type) && own.has(type.schema) && gone.has(nameKey(type)) && !kept.has(nameKey(type)),
  );
}
