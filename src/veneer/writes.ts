import {
  copiedDefault,
  remoteColumnOf,
  type ForeignTable,
  type Relation,
  type ShardColumn,
} from '../catalog/relations/relation.js';
import { oncePerLists } from '../once-per-lists.js';
import type { QualifiedName } from '../postgres/identifiers.js';
import type { ExposedRelation } from './exposure/definition.js';

/**
 * What an INSERT through the veneer suffers, worst first. postgres_fdw sends every column, an omitted one as NULL
 * unless the foreign table has a default, and DEFAULT for generated ones
 * (https://www.postgresql.org/docs/current/postgres-fdw.html).
 *
 * - `no INSERT works`: whatever it names;
 * - `must be given`: an INSERT that leaves the column out fails;
 * - `ids collide`: it is numbered by a sequence of the shard, behind a partitioned table of the veneer that members with
 *   sequences of their own share;
 * - `stays NULL`: it stores NULL where the shard itself would have stored a value.
 */
export type WriteEffect = 'no INSERT works' | 'must be given' | 'ids collide' | 'stays NULL';

/** An INSERT through a veneer that does less than one on the shard. */
export interface WriteLimit {
  /** Null: of the whole relation. */
  readonly column: string | null;
  readonly effect: WriteEffect;
  /** Half a sentence. */
  readonly why: string;
}

/** What is known of a column when a relation is looked at before or after a migration. */
export interface SuppliedColumn {
  readonly name: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  readonly computed: ShardColumn['computed'];
  /** What the default is, where that is known. */
  readonly expression: string | null;
}

/**
 * What INSERTs into a relation suffer when they come through a veneer, as far as they would work on the shard: a NOT
 * NULL column without a default has to be given on both. `given`: columns for which the veneer has a default. Pure.
 */
export function writeLimits(
  relation: Pick<Relation, 'kind' | 'insertable'>,
  columns: readonly SuppliedColumn[],
  given: ReadonlySet<string>,
): WriteLimit[] {
  if (!relation.insertable) {
    return [{ column: null, effect: 'no INSERT works', why: `${NOUNS[relation.kind]} that takes no INSERT` }];
  }
  if (relation.kind === 'v') {
    const why =
      'a view: every column is sent, NULL where it is left out, whatever the table behind it would give';
    return [{ column: null, effect: 'stays NULL', why }];
  }
  return columns.flatMap((column) => columnLimit(column, given.has(column.name)));
}

const NOUNS: Readonly<Record<Relation['kind'], string>> = {
  r: 'a table',
  p: 'a partitioned table',
  v: 'a view',
  m: 'a materialized view',
  f: 'a foreign table',
};

function columnLimit(column: SuppliedColumn, given: boolean): WriteLimit[] {
  const limit = (effect: WriteEffect, why: string): WriteLimit[] => [{ column: column.name, effect, why }];
  switch (column.computed) {
    case 'stored':
      return [];
    case 'virtual':
      return limit('no INSERT works', 'a virtual generated column, which IMPORT makes a plain one');
    case 'identity always':
      return limit(
        'no INSERT works',
        'GENERATED ALWAYS AS IDENTITY takes no value, and the veneer sends one',
      );
    case 'identity by default':
      return given ? [] : limit('must be given', 'an identity column, whose sequence is on the shard');
    default:
      if (given || !column.hasDefault) return [];
      return limit(
        column.notNull ? 'must be given' : 'stays NULL',
        `its default ${column.expression ?? ''} cannot be copied`.replace('  ', ' '),
      );
  }
}

/** A relation with what INSERTs into it through a veneer suffer. */
export interface WriteForecast {
  /** The name on the veneer. */
  readonly table: QualifiedName;
  /** Null for a relation of the shard itself. */
  readonly tenant: string | null;
  readonly limits: readonly WriteLimit[];
}

/**
 * The limits of a relation as a veneer of this version is to show it; `byHand`: columns whose default was set there by
 * hand, and stays. Pure.
 */
export function limitsOf(
  { relation, definition }: ExposedRelation,
  byHand: ReadonlySet<string>,
  version: number,
): WriteLimit[] {
  const given = relation.columns.filter(
    (column) => copiedDefault(column, version) !== null || byHand.has(column.name),
  );
  const columns = relation.columns.map((column) => ({ ...column, expression: column.default?.sql ?? null }));
  const limits = writeLimits(relation, columns, new Set(given.map(({ name }) => name)));
  return definition.partition === null ? limits : limits.map((limit) => behindParent(limit, columns));
}

/**
 * {@link limitsOf} for many relations, of which most are alike, and what was set by hand on the foreign tables that show
 * them; null: nothing was.
 */
export function limitsOnce(
  version: number,
): (one: ExposedRelation, table: ForeignTable | null) => WriteLimit[] {
  const once = oncePerLists<WriteLimit[]>();
  return (one, table) => {
    const { relation, definition } = one;
    const rest = JSON.stringify([relation.kind, relation.insertable, definition.partition !== null]);
    return once([relation.columns, table?.columns ?? NO_COLUMNS], rest, () =>
      limitsOf(one, new Set(table === null ? [] : setByHand(table)), version),
    );
  };
}

const NO_COLUMNS: ForeignTable['columns'] = [];

/** An INSERT by way of the partitioned table takes its defaults, and never those of a partition. */
function behindParent(limit: WriteLimit, columns: readonly SuppliedColumn[]): WriteLimit {
  const column = columns.find(({ name }) => name === limit.column);
  const numbered = column?.computed === 'identity by default' || column?.expression?.startsWith('nextval(');
  return numbered === true
    ? {
        ...limit,
        effect: 'ids collide',
        why: 'each member of the partitioned table has a sequence of its own',
      }
    : limit;
}

/** The shard's columns for which a foreign table has a default that cannot have been copied. Pure. */
export const setByHand = (table: ForeignTable | undefined): string[] =>
  (table?.columns ?? [])
    .filter((column) => column.default?.copiedSince === null)
    .map((column) => remoteColumnOf(column));

const WORST: readonly WriteEffect[] = ['no INSERT works', 'must be given', 'ids collide', 'stays NULL'];

/**
 * The limits that an INSERT which worked before newly meets: not those of a column that was as limited before. Both
 * name columns as they are called afterwards. Pure.
 */
export function newLimits(before: readonly WriteLimit[], after: readonly WriteLimit[]): WriteLimit[] {
  if (before.some(({ effect }) => effect === 'no INSERT works')) return [];
  const was = new Map(before.map(({ column, effect }) => [column, WORST.indexOf(effect)]));
  return after.filter(({ column, effect }) => WORST.indexOf(effect) < (was.get(column) ?? WORST.length));
}

/** Does an INSERT fail, rather than store something else? */
export const breaks = ({ effect }: WriteLimit): boolean =>
  effect === 'no INSERT works' || effect === 'must be given';
