import type { RangeColumn } from '../../catalog/types/read-type-users.js';
import type { TypeMove } from '../../catalog/types/type-moves.js';
import { partsOf, typeText, type RangeType, type TypeRef, type UserType } from '../../catalog/types/type.js';
import { ident, nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import { createType, type MadeType } from './create-type.js';
import { mapTypes } from '../exposure/map-types.js';
import { pairTypes, type TypePair } from './pair-types.js';
import { reconcileComposite } from './reconcile-composite.js';
import { reconcileDomain } from './reconcile-domain.js';
import { reconcileEnum } from './reconcile-enum.js';

/** What is to be done on a veneer for one type. */
export interface TypeChange {
  readonly kind: 'create' | 'move' | 'alter' | 'replace' | 'drop';
  /** The type's name on the veneer when the change begins; for 'create' the new one. */
  readonly type: QualifiedName;
  /** Its oid on the veneer; null for one that is made. */
  readonly oid: string | null;
  /** Columns that have the type and do without it meanwhile: what stands above them has to be put aside. */
  readonly columns?: readonly RangeColumn[];
  /** What takes the place of the type with this oid. */
  readonly made?: MadeType;
  readonly statements: readonly string[];
}

/** In the order in which they run: `before` the foreign tables are changed, and `after`. */
export interface TypePlan {
  readonly before: readonly TypeChange[];
  readonly after: readonly TypeChange[];
}

export const NO_TYPES: TypePlan = { before: [], after: [] };

/** What a veneer's types are to be, and what they are. */
export interface TypeReconciliation {
  /** Under the names of the veneer, with everything that they are made of. */
  readonly wanted: readonly UserType[];
  /** What bears one of these names, or one of those that moves come from. */
  readonly present: readonly UserType[];
  /** What the migration renamed, under the names of the veneer. */
  readonly moves: readonly TypeMove[];
  /** By nameKey of a type: values of it that the same transaction uses, in defaults. */
  readonly used?: ReadonlyMap<string, ReadonlySet<string>>;
}

/**
 * The statements that make the types of a veneer equal to the wanted ones. In place where ALTER TYPE and ALTER DOMAIN
 * can; else the old one steps aside, a new one is made, and goes when no column has it any more. Pure; a second call
 * on the result is empty. Never CASCADE.
 */
export function reconcileTypes({ wanted, present, moves, used = new Map() }: TypeReconciliation): TypePlan {
  const pairs = sorted(
    pairTypes(wanted, underNewNames(present, pairTypes(wanted, present, moves)), movedMoves(moves)),
  );
  const original = new Map(present.map((type) => [type.oid, type]));
  const replaced = new Set<string>();
  const changes = pairs.map((pair) => {
    const change = changeOf(pair, replaced, used.get(nameKey(pair.wanted)));
    if (change.kind === 'replace') replaced.add(nameKey(pair.wanted));
    return change;
  });
  const replacing = pairs.filter(
    ({ wanted: type, present: old }) => replaced.has(nameKey(type)) && old?.kind !== 'range',
  );
  return {
    before: [
      ...moveTypes(pairs, original),
      ...replacing.map(stepAside),
      ...changes.filter(({ statements }) => statements.length > 0),
    ],
    after: replacing.toReversed().map(({ present: old }) => dropType(old, aside(old))),
  };
}

/** What a type will be called once the moves have run: PostgreSQL itself follows by oid. */
function underNewNames(present: readonly UserType[], pairs: readonly TypePair[]): UserType[] {
  const names = new Map(
    pairs.flatMap((pair) => (pair.present === null ? [] : [[nameKey(pair.present), pair.wanted]])),
  );
  return mapTypes(present, (type) => names.get(nameKey(type)) ?? type);
}

/** The same moves, as seen once the names have been changed. */
const movedMoves = (moves: readonly TypeMove[]): TypeMove[] =>
  moves.map((move) => (move.to === null ? move : { ...move, from: move.to }));

/** Types after what they are made of. */
function sorted(pairs: readonly TypePair[]): TypePair[] {
  const byName = new Map(pairs.map((pair) => [nameKey(pair.wanted), pair]));
  const done = new Set<TypePair>();
  const visit = (pair: TypePair): TypePair[] => {
    if (done.has(pair)) return [];
    done.add(pair);
    const parts = partsOf(pair.wanted).flatMap((part) => byName.get(nameKey(part)) ?? []);
    return [...parts.flatMap(visit), pair];
  };
  return pairs.flatMap(visit);
}

function changeOf(
  { wanted, present, move }: TypePair,
  replaced: ReadonlySet<string>,
  used: ReadonlySet<string> | undefined,
): TypeChange {
  if (present === null) return { kind: 'create', type: wanted, oid: null, statements: [createType(wanted)] };
  const isReplaced = (ref: TypeRef | null): boolean => ref !== null && replaced.has(nameKey(ref));
  const statements = inPlace(wanted, present, move, isReplaced, used);
  if (statements !== null) return { kind: 'alter', type: wanted, oid: present.oid, statements };
  // A range's constructors keep its name and belong to the superuser: no second one fits beside it.
  const room = present.kind === 'range' ? [`DROP TYPE ${qualified(present)}`] : [];
  const statementsAnew = [...room, createType(wanted)];
  return { kind: 'replace', type: wanted, oid: present.oid, made: wanted, statements: statementsAnew };
}

/** Null where the type has to be made anew. */
function inPlace(
  wanted: MadeType,
  present: UserType,
  move: TypeMove | null,
  isReplaced: (ref: TypeRef | null) => boolean,
  used: ReadonlySet<string> | undefined,
): string[] | null {
  const name = qualified(wanted);
  if (wanted.kind === 'enum' && present.kind === 'enum')
    return reconcileEnum(
      name,
      present.labels,
      wanted.labels,
      move?.labels ?? new Map<string, string>(),
      used,
    );
  if (wanted.kind === 'composite' && present.kind === 'composite') {
    const renamed = move?.attributes ?? new Map<string, string | null>();
    return reconcileComposite(name, present.attributes, wanted.attributes, renamed, ({ type }) =>
      isReplaced(type.ref),
    );
  }
  if (wanted.kind === 'domain' && present.kind === 'domain') {
    const sameBase = typeText(wanted.base) === typeText(present.base) && !isReplaced(wanted.base.ref);
    return sameBase && key(wanted.collation) === key(present.collation)
      ? reconcileDomain(name, present, wanted)
      : null;
  }
  if (wanted.kind === 'range' && present.kind === 'range')
    return rangeKey(wanted) === rangeKey(present) && !isReplaced(wanted.subtype.ref)
      ? renameMultirange(present.multirange, wanted.multirange)
      : null;
  return null;
}

const renameMultirange = (present: QualifiedName | null, wanted: QualifiedName | null): string[] =>
  present === null || wanted === null ? [] : moveStatements(present, wanted);

const key = (name: QualifiedName | null): string => (name === null ? '' : nameKey(name));

/** Where one of the two servers is older than PostgreSQL 14, the multirange is none of the comparison. */
const rangeKey = ({ subtype, opclass, collation, subtypeDiff }: RangeType): string =>
  [typeText(subtype), key(opclass), key(collation), key(subtypeDiff)].join('\0');

/** RENAME TO and SET SCHEMA; by way of names aside where a new name is still borne by another type that moves. */
function moveTypes(pairs: readonly TypePair[], original: ReadonlyMap<string, UserType>): TypeChange[] {
  const moving = pairs.flatMap(({ wanted, present }) => {
    const from = present === null ? undefined : original.get(present.oid);
    return from === undefined || nameKey(from) === nameKey(wanted) ? [] : [{ from, to: wanted }];
  });
  const crossing = moving.some(({ to }) => moving.some(({ from }) => nameKey(from) === nameKey(to)));
  const change = (from: UserType, now: QualifiedName, to: QualifiedName): TypeChange => ({
    kind: 'move',
    type: from,
    oid: from.oid,
    statements: moveStatements(now, to),
  });
  if (!crossing) return moving.map(({ from, to }) => change(from, from, to));
  return [
    ...moving.map(({ from }) => change(from, from, aside(from))),
    ...moving.map(({ from, to }) => change(from, aside(from), to)),
  ];
}

const moveStatements = (from: QualifiedName, to: QualifiedName): string[] => [
  ...(from.name === to.name ? [] : [`ALTER TYPE ${qualified(from)} RENAME TO ${ident(to.name)}`]),
  ...(from.schema === to.schema
    ? []
    : [`ALTER TYPE ${qualified({ ...from, name: to.name })} SET SCHEMA ${ident(to.schema)}`]),
];

const asideName = (oid: string): string => `pgveneer_${oid}`;

const aside = (type: UserType | null): QualifiedName => ({
  schema: type?.schema ?? '',
  name: asideName(type?.oid ?? ''),
});

/** The old type makes room for the new one. */
function stepAside({ present }: TypePair): TypeChange {
  if (present === null) throw new Error('only what is there can be replaced');
  const rename = `ALTER TYPE ${qualified(present)} RENAME TO ${ident(asideName(present.oid))}`;
  return { kind: 'replace', type: present, oid: present.oid, statements: [rename] };
}

/** Drops a type that is known by its name alone, too. */
export const dropType = (type: UserType | null, name: QualifiedName): TypeChange => ({
  kind: 'drop',
  type: name,
  oid: type?.oid ?? null,
  statements: [`DROP TYPE ${qualified(name)}`],
});
