import { typeText, type Attribute } from '../../catalog/types/type.js';
import { ident, nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';

/** An attribute as CREATE TYPE and ADD ATTRIBUTE write it. */
export const attributeClause = (attribute: Attribute): string =>
  `${ident(attribute.name)} ${typeClause(attribute)}`;

const typeClause = ({ type, collation }: Attribute): string => `${typeText(type)}${collate(collation)}`;

/** COLLATE with a blank before it, or nothing. */
export const collate = (collation: QualifiedName | null): string =>
  collation === null ? '' : ` COLLATE ${qualified(collation)}`;

/**
 * The statements that make a composite type's attributes the wanted ones, in order: a row's text has no names in it,
 * and ADD ATTRIBUTE can only append, so that from the first one that stands elsewhere on they are dropped and added.
 * `replaced`: types (as typeText writes them, without suffix) that are made anew under the same name. Pure.
 */
export function reconcileComposite(
  type: string,
  present: readonly Attribute[],
  wanted: readonly Attribute[],
  renamed: ReadonlyMap<string, string | null>,
  isReplaced: (attribute: Attribute) => boolean,
): string[] {
  const alter = (action: string): string => `ALTER TYPE ${type} ${action}`;
  const pairs = inOrder(pairAttributes(present, wanted, renamed), wanted);
  const dropped = present.filter((attribute) => !pairs.some(([was]) => was === attribute));
  const added = wanted.filter((attribute) => !pairs.some(([, is]) => is === attribute));
  const altered = pairs.filter(([was, is]) => typeKey(was) !== typeKey(is) || isReplaced(is));
  return [
    ...dropped.map(({ name }) => alter(`DROP ATTRIBUTE ${ident(name)}`)),
    ...renames(pairs).map(([from, to]) => alter(`RENAME ATTRIBUTE ${ident(from)} TO ${ident(to)}`)),
    ...altered.map(([, is]) => alter(`ALTER ATTRIBUTE ${ident(is.name)} TYPE ${typeClause(is)}`)),
    ...added.map((attribute) => alter(`ADD ATTRIBUTE ${attributeClause(attribute)}`)),
  ];
}

type Pair = readonly [was: Attribute, is: Attribute];

const typeKey = ({ type, collation }: Attribute): string =>
  `${typeText(type)}\0${collation === null ? '' : nameKey(collation)}`;

function pairAttributes(
  present: readonly Attribute[],
  wanted: readonly Attribute[],
  renamed: ReadonlyMap<string, string | null>,
): Pair[] {
  return present.flatMap((was): Pair[] => {
    const name = renamed.get(was.name);
    if (name === null) return [];
    const is = wanted.find((attribute) => attribute.name === (name ?? was.name));
    return is === undefined ? [] : [[was, is]];
  });
}

function inOrder(pairs: readonly Pair[], wanted: readonly Attribute[]): Pair[] {
  const kept: Pair[] = [];
  for (const pair of pairs) if (pair[1] === wanted[kept.length]) kept.push(pair);
  return kept;
}

/** By way of names aside where a new name is still borne by another that is renamed. */
function renames(pairs: readonly Pair[]): (readonly [string, string])[] {
  const moving = pairs.filter(([was, is]) => was.name !== is.name);
  if (!moving.some(([, is]) => moving.some(([was]) => was.name === is.name)))
    return moving.map(([was, is]) => [was.name, is.name]);
  const aside = (index: number): string => `pgveneer_${index}`;
  return [
    ...moving.map(([was], index) => [was.name, aside(index)] as const),
    ...moving.map(([, is], index) => [aside(index), is.name] as const),
  ];
}
