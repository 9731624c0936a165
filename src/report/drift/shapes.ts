import type { ShapeLine } from '../../catalog/relations/read-shapes.js';
import { groupBy } from '../../group-by.js';

/** How a tenant's schema differs in one object from a sibling's. */
export interface ShapeDifference {
  readonly kind: string;
  /** `books.isbn` */
  readonly object: string;
  /** The tenant's definition; null: it does not have the object. */
  readonly own: string | null;
  readonly sibling: string | null;
}

/** How the tenants of the fleet compare with each other. */
export interface Siblings {
  /** As most of those with the same migrations are, and nothing pending. */
  readonly alike: number;
  /** Migrations are pending, and nothing else is to be told. */
  readonly behind: number;
  readonly odd: number;
  /** The ledger tells of migrations, and there is nothing. */
  readonly absent: number;
  /** Their shard could not be read. */
  readonly unread: number;
}

/**
 * What differs between the schema of a tenant and that of a sibling, tables first. Parts of a table that only one of them
 * has are not told one by one, and the order counts among the columns that both have. Pure.
 */
export function shapeDifferences(
  own: readonly ShapeLine[],
  sibling: readonly ShapeLine[],
): ShapeDifference[] {
  const [mine, theirs] = [own, sibling].map((lines) => new Map(lines.map((line) => [keyOf(line), line])));
  if (mine === undefined || theirs === undefined) return [];
  const lines = [...new Map([...mine, ...theirs]).entries()].map(([key, line]) => ({
    line,
    own: mine.get(key) ?? null,
    sibling: theirs.get(key) ?? null,
  }));
  const alone = new Set(
    lines
      .filter((one) => isWhole(one.line) && (one.own === null || one.sibling === null))
      .map(({ line }) => line.relation),
  );
  const order = orderOf(own, sibling);
  return lines
    .filter(({ line }) => isWhole(line) || !alone.has(line.relation))
    .map((one): ShapeDifference => ({
      kind: one.line.kind,
      object: [one.line.relation, one.line.name].filter((part) => part !== '').join('.'),
      own: one.own && order(one.own),
      sibling: one.sibling && order(one.sibling),
    }))
    .filter((one) => one.own !== one.sibling)
    .toSorted((a, b) => Number(b.kind.endsWith('table')) - Number(a.kind.endsWith('table')));
}

const keyOf = ({ kind, relation, name }: ShapeLine): string => JSON.stringify([kind, relation, name]);

/** A relation itself. */
const isWhole = ({ relation, name, kind }: ShapeLine): boolean =>
  relation !== '' && name === '' && kind !== ORDER;

const ORDER = 'order of columns';

/** The definition as text; of an order only the columns that both have. */
function orderOf(own: readonly ShapeLine[], sibling: readonly ShapeLine[]): (line: ShapeLine) => string {
  const orders = groupBy(
    [...own, ...sibling].filter(({ kind }) => kind === ORDER),
    ({ relation }) => relation,
  );
  return ({ kind, relation, definition }) => {
    if (kind !== ORDER) return definition;
    const lists = (orders.get(relation) ?? []).map(
      (line) => new Set(JSON.parse(line.definition) as string[]),
    );
    const names = JSON.parse(definition) as string[];
    return names.filter((name) => lists.every((list) => list.has(name))).join(', ');
  };
}

/** `column books.isbn is text instead of integer` */
export function differenceText({ kind, object, own, sibling }: ShapeDifference): string {
  const what = `${kind} ${object}`;
  const defined = (definition: string): string => (definition === '' ? '' : ` (${definition})`);
  if (own === null) return `${what} is missing${defined(sibling ?? '')}`;
  return sibling === null ? `${what} is one more${defined(own)}` : `${what} is ${own} instead of ${sibling}`;
}
