import {
  copiedDefault,
  remoteColumnOf,
  type Column,
  type ForeignColumn,
} from '../../catalog/relations/relation.js';
import { oncePerLists } from '../../once-per-lists.js';
import { ident, literal, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import { changesType, keepColumns, type KeptColumn } from './keep-columns.js';
import type { ColumnPair } from './pair-columns.js';

/** A column as CREATE FOREIGN TABLE and ADD COLUMN write it: as IMPORT FOREIGN SCHEMA would, and its default. */
export const columnClause = (column: Column, version: number): string =>
  columnSql(column, version, ` OPTIONS (column_name ${literal(column.name)})`);

/** A column with these options. */
export function columnSql(column: Column, version: number, options: string): string {
  const copied = copiedDefault(column, version);
  return [
    `${ident(column.name)} ${column.type}${options}`,
    column.collation === null ? '' : ` COLLATE ${qualified(column.collation)}`,
    column.generated === null ? '' : ` GENERATED ALWAYS AS (${column.generated.sql}) STORED`,
    copied === null ? '' : ` DEFAULT ${copied.sql}`,
    column.notNull ? ' NOT NULL' : '',
  ].join('');
}

/**
 * What is done to the columns of a table, cut in two where views above it may have to be put aside. Its actions alone, or the
 * statements of which they are the end: see {@link alterForeignTable}.
 */
export interface ColumnWork {
  /** DROP and RENAME COLUMN. */
  readonly first: readonly string[];
  /** TYPE, NOT NULL, options, ADD COLUMN; under the new names. */
  readonly rest: readonly string[];
  /** Present names of the columns that go: what depends on one of these forbids it. */
  readonly dropped: readonly string[];
  /** Columns that get another type or collation: what depends on one has to be put aside. */
  readonly retyped: readonly RetypedColumn[];
}

/** A column that gets another type or collation. */
export interface RetypedColumn {
  /** Its name before. */
  readonly was: string;
  /** Its name once `first` has run. */
  readonly name: string;
}

/**
 * The actions of ALTER FOREIGN TABLE that make the columns equal to the wanted ones, in place: a column that the shard
 * renamed is renamed here, so that views over it live on. `version` is the veneer's server_version_num. Pure.
 */
export function planColumns(
  present: readonly ForeignColumn[],
  wanted: readonly Column[],
  renamed: ReadonlyMap<string, string | null>,
  version: number,
): ColumnWork {
  const kept = keepColumns(present, wanted, renamed, version);
  const keptPresent = new Set(kept.map((pair) => pair.present));
  const keptWanted = new Set(kept.map((pair) => pair.wanted));
  const dropped = present.filter((column) => !keptPresent.has(column));
  return {
    first: [...dropExpressions(kept), ...dropColumns(dropped), ...renameColumns((action) => action, kept)],
    rest: [
      ...kept.flatMap((pair) => alterColumn((action) => action, pair, version)),
      ...wanted
        .filter((column) => !keptWanted.has(column))
        .map((column) => `ADD COLUMN ${columnClause(column, version)}`),
      ...setExpressions(kept),
    ],
    dropped: dropped.map(({ name }) => name),
    retyped: retypedAmong(kept),
  };
}

/** Those of the pairs whose type or collation changes. */
export const retypedAmong = (pairs: readonly ColumnPair[]): RetypedColumn[] =>
  pairs.filter(changesType).map(({ present, wanted }) => ({ was: present.name, name: wanted.name }));

/** The actions as statements on this table. Pure. */
export function alterForeignTable(table: string, { first, rest, ...work }: ColumnWork): ColumnWork {
  const alter = (action: string): string => `ALTER FOREIGN TABLE ${table} ${action}`;
  return { ...work, first: first.map(alter), rest: rest.map(alter) };
}

type PlanColumns = (...columns: Parameters<typeof planColumns>) => ColumnWork;

/** {@link planColumns} for many tables, of which most are alike. */
export function planningOnce(): PlanColumns {
  const once = oncePerLists<ColumnWork>();
  return (present, wanted, renamed, version) =>
    once([present, wanted], JSON.stringify([version, ...renamed]), () =>
      planColumns(present, wanted, renamed, version),
    );
}

/** First of all: no other column can be dropped or change its type while an expression uses it. */
const dropExpressions = (kept: readonly KeptColumn[]): string[] =>
  kept
    .filter(({ expression }) => expression === 'drop')
    .map(({ present }) => `ALTER COLUMN ${ident(present.name)} DROP EXPRESSION`);

/** Generated ones first, for the same reason. */
const dropColumns = (columns: readonly ForeignColumn[]): string[] =>
  [
    ...columns.filter(({ generated }) => generated !== null),
    ...columns.filter(({ generated }) => generated === null),
  ].map((column) => `DROP COLUMN ${ident(column.name)}`);

/** Last of all, when every column that it may name is there. */
const setExpressions = (kept: readonly KeptColumn[]): string[] =>
  kept.flatMap(({ expression, wanted }) =>
    expression === 'set' && wanted.generated !== null
      ? [`ALTER COLUMN ${ident(wanted.name)} SET EXPRESSION AS (${wanted.generated.sql})`]
      : [],
  );

/** RENAME COLUMN, by way of a name aside where the new name is still borne by another renamed column. */
export function renameColumns(
  alterTable: (action: string) => string,
  pairs: readonly ColumnPair[],
): string[] {
  const moving = pairs.filter(({ present, wanted }) => present.name !== wanted.name);
  const taken = new Set(moving.map(({ present }) => present.name));
  const rename = (from: string, to: string): string =>
    alterTable(`RENAME COLUMN ${ident(from)} TO ${ident(to)}`);
  if (!moving.some(({ wanted }) => taken.has(wanted.name))) {
    return moving.map(({ present, wanted }) => rename(present.name, wanted.name));
  }
  const all = new Set(pairs.flatMap(({ present, wanted }) => [present.name, wanted.name]));
  const free = Array.from({ length: 2 * all.size + moving.length }, (_, index) => `pgveneer_${index}`).filter(
    (name) => !all.has(name),
  );
  const aside = (index: number): string => free[index] ?? '';
  return [
    ...moving.map(({ present }, index) => rename(present.name, aside(index))),
    ...moving.map(({ wanted }, index) => rename(aside(index), wanted.name)),
  ];
}

/** TYPE, DEFAULT and NOT NULL of a column that stays, and `column_name` where it shows another one. */
export function alterColumn(
  alterTable: (action: string) => string,
  pair: ColumnPair,
  version: number,
): string[] {
  const { present, wanted } = pair;
  const column = `ALTER COLUMN ${ident(wanted.name)}`;
  const option = present.options['column_name'];
  const defaults = defaultChanges(pair, version);
  return [
    ...(option !== undefined && remoteColumnOf(present) === wanted.name
      ? []
      : [`OPTIONS (${option === undefined ? 'ADD' : 'SET'} column_name ${literal(wanted.name)})`]),
    ...defaults.before,
    ...(changesType(pair) ? [`TYPE ${wanted.type}${collate(wanted.collation)}`] : []),
    ...defaults.after,
    ...(present.notNull === wanted.notNull ? [] : [`${wanted.notNull ? 'SET' : 'DROP'} NOT NULL`]),
  ].map((action) => alterTable(`${column} ${action}`));
}

/**
 * SET and DROP DEFAULT, around a change of type, since an old default need not be castable to the new one. A default
 * that no shard's could have become (nextval, a function of one's own) was set by hand and stays, unless the shard's
 * own default is to be copied.
 */
function defaultChanges(
  pair: ColumnPair,
  version: number,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const had = pair.present.default;
  const copied = copiedDefault(pair.wanted, version);
  const isOurs = had !== null && had.copiedSince !== null;
  const moves = changesType(pair) && had !== null && (isOurs || copied !== null);
  if (copied !== null) {
    if (had?.key === copied.key && !moves) return { before: [], after: [] };
    return { before: moves ? ['DROP DEFAULT'] : [], after: [`SET DEFAULT ${copied.sql}`] };
  }
  return { before: isOurs ? ['DROP DEFAULT'] : [], after: [] };
}

const collate = (collation: QualifiedName | null): string =>
  collation === null ? '' : ` COLLATE ${qualified(collation)}`;
