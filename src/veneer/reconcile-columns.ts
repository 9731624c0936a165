import { remoteColumnOf, type Column, type ForeignColumn } from '../catalog/relation.js';
import { ident, literal, nameKey, qualified, type QualifiedName } from '../postgres/identifiers.js';
import { pairColumns, pairsInOrder, type ColumnPair } from './pair-columns.js';

/** A column as CREATE FOREIGN TABLE and ADD COLUMN write it, as IMPORT FOREIGN SCHEMA would. */
export function columnClause(column: Column): string {
  return [
    `${ident(column.name)} ${column.type} OPTIONS (column_name ${literal(column.name)})`,
    column.collation === null ? '' : ` COLLATE ${qualified(column.collation)}`,
    column.generated === null ? '' : ` GENERATED ALWAYS AS (${column.generated}) STORED`,
    column.notNull ? ' NOT NULL' : '',
  ].join('');
}

/**
 * The statements that make a foreign table's columns equal to the wanted ones, in place: a column that the shard
 * renamed is renamed here, so that views over it live on. Pure.
 */
export function reconcileColumns(
  table: string,
  present: readonly ForeignColumn[],
  wanted: readonly Column[],
  renamed: ReadonlyMap<string, string | null>,
): string[] {
  const kept = pairsInOrder(pairColumns(present, wanted, renamed).filter(convertible), wanted);
  const keptPresent = new Set(kept.map((pair) => pair.present));
  const keptWanted = new Set(kept.map((pair) => pair.wanted));
  return [
    ...present
      .filter((column) => !keptPresent.has(column))
      .map((column) => alter(table, `DROP COLUMN ${ident(column.name)}`)),
    ...renameColumns(table, kept),
    ...kept.flatMap((pair) => alterColumn(table, pair)),
    ...wanted
      .filter((column) => !keptWanted.has(column))
      .map((column) => alter(table, `ADD COLUMN ${columnClause(column)}`)),
  ];
}

const alter = (table: string, action: string): string => `ALTER FOREIGN TABLE ${table} ${action}`;

/** A generated expression can be neither added to a column nor replaced: such a column is dropped and added. */
const convertible = ({ present, wanted }: ColumnPair): boolean => present.generated === wanted.generated;

/** RENAME COLUMN, by way of a name aside where the new name is still borne by another renamed column. */
function renameColumns(table: string, pairs: readonly ColumnPair[]): string[] {
  const moving = pairs.filter(({ present, wanted }) => present.name !== wanted.name);
  const taken = new Set(moving.map(({ present }) => present.name));
  const rename = (from: string, to: string): string =>
    alter(table, `RENAME COLUMN ${ident(from)} TO ${ident(to)}`);
  if (!moving.some(({ wanted }) => taken.has(wanted.name))) {
    return moving.map(({ present, wanted }) => rename(present.name, wanted.name));
  }
  const aside = (index: number): string => `pgveneer_${index}`;
  return [
    ...moving.map(({ present }, index) => rename(present.name, aside(index))),
    ...moving.map(({ wanted }, index) => rename(aside(index), wanted.name)),
  ];
}

function alterColumn(table: string, { present, wanted }: ColumnPair): string[] {
  const column = `ALTER COLUMN ${ident(wanted.name)}`;
  const statements: string[] = [];
  if (remoteColumnOf(present) !== wanted.name || present.options['column_name'] === undefined) {
    const verb = present.options['column_name'] === undefined ? 'ADD' : 'SET';
    statements.push(alter(table, `${column} OPTIONS (${verb} column_name ${literal(wanted.name)})`));
  }
  if (present.type !== wanted.type || collationKey(present) !== collationKey(wanted)) {
    statements.push(alter(table, `${column} TYPE ${wanted.type}${collate(wanted.collation)}`));
  }
  if (present.notNull !== wanted.notNull) {
    statements.push(alter(table, `${column} ${wanted.notNull ? 'SET' : 'DROP'} NOT NULL`));
  }
  return statements;
}

const collationKey = (column: Column): string => (column.collation === null ? '' : nameKey(column.collation));

const collate = (collation: QualifiedName | null): string =>
  collation === null ? '' : ` COLLATE ${qualified(collation)}`;
