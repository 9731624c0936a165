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
import type { Config } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isMade, type MadeType } from '../../veneer/types/create-type.js';
import { exposureOf } from '../../veneer/exposure/exposure.js';
import { reconcileTypes, type TypePlan } from '../../veneer/types/reconcile-types.js';
import { aroundRanges } from '../../veneer/types/replace-range.js';
import { keepingWhatTheyHad } from '../../veneer/types/restore-type.js';
import { refuseUnsupported, unsupportedTypes } from '../../veneer/exposure/supported-types.js';
import { ownSchemas } from '../../veneer/exposure/type-names.js';
import { valuesUsed } from '../../veneer/exposure/values-used.js';
import { agreeingOnTypes, type ChangingTypes } from './agreeing-types.js';
import {
  refuseOccupiedTypes,
  refuseOthersTypes,
  refuseSharedTypes,
  sharingBeyond,
  wantedByAll,
} from './refuse-types.js';
import { placeTypes } from './place-types.js';
import { NO_TYPE_WORK, type TypeWork } from './type-work.js';
import { leavingOf, wantedBy, type TypesOfShard } from './wanted-types.js';

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
  const definitions = shards.flatMap((one) => one.definitions);
  const used = valuesUsed(definitions, veneer.server.version);
  const types = await withWhatTheyHad(
    veneer,
    reconcileTypes({ wanted, present: present.filter(isMade), moves, used }),
  );
  const own = ownSchemasOf(config);
  const changing = { present, wanted, moves, reached: reachedBy(types, users) };
  await refuseForOthers(config, veneer, { shards, busy, types, own, changing, beyond });
  const touched = types.before.map(({ type }) => type);
  return {
    extensions,
    types,
    schemas: await missingSchemas(veneer, [...touched, ...extensions], own),
    gates: await readGates(config, veneer, changing.reached),
    parents: changing.reached.filter(({ kind }) => kind === 'partitioned'),
    leaving: leavingOf(placed, present, wanted, own),
    shared: extensions.length > 0 || touched.some(({ schema }) => !own.has(schema)),
  };
}

/** Types of the veneer that its plan changes, and those made anew. */
const changedBy = ({ before }: TypePlan): Set<string> =>
  new Set(before.flatMap(({ kind, oid }) => (kind === 'create' ? [] : (oid ?? []))));

function reachedBy(plan: TypePlan, users: readonly TypeUser[]): TypeUser[] {
  const changed = changedBy(plan);
  return users.filter(({ type }) => changed.has(type));
}

interface Considered {
  readonly shards: readonly TypesOfShard[];
  /** Those of them that have types. */
  readonly busy: readonly TypesOfShard[];
  readonly types: TypePlan;
  readonly own: ReadonlySet<string>;
  readonly changing: ChangingTypes;
  readonly beyond: Beyond;
}

/** Throws (exit 20) where a type that changes is somebody else's, or shows what shards outside of the group have otherwise. */
async function refuseForOthers(
  config: Config,
  veneer: Session,
  { shards, busy, types, own, changing, beyond }: Considered,
): Promise<void> {
  const { present, reached } = changing;
  const changed = changedBy(types);
  refuseOthersTypes(veneer.member, {
    changed: present.filter(({ oid }) => changed.has(oid)),
    users: reached,
    servers: config.shards.map(({ server }) => server.name),
    unused: await readUnused(veneer, [...changed]),
    own,
  });
  if (beyond === 'agreed') return;
  const parts = { config, group: shards.map(({ shard }) => shard), busy: busy.map(({ shard }) => shard) };
  const agreeing = await agreeingOnTypes(sharingBeyond(parts, reached), changing, beyond);
  refuseSharedTypes({ ...parts, agreeing }, reached, present);
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

async function readNamed(veneer: Session, names: readonly QualifiedName[]): Promise<UserType[]> {
  const keys = new Set(names.map(nameKey));
  const types = await readTypes(veneer, { names });
  return types.filter((type) => keys.has(nameKey(type)));
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
