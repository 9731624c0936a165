import type { QualifiedName } from '../../postgres/identifiers.js';
import type { DefaultExpression, Expression } from '../expressions/expression.js';
import type { TypeRef } from '../types/type.js';

/** A column as far as a foreign table copies it. */
export interface Column {
  readonly name: string;
  /** format_type under search_path pg_catalog; a type outside of it is qualified, and always quoted. */
  readonly type: string;
  /** Null for a type of PostgreSQL itself. */
  readonly userType: TypeRef | null;
  /** The collation where it is not the type's own default, else null. */
  readonly collation: QualifiedName | null;
  readonly notNull: boolean;
  /** The expression of GENERATED ALWAYS AS (…) STORED, else null. */
  readonly generated: Expression | null;
  /** Whatever default the column has, else null; `copiedDefault` says which of a shard's a veneer takes over. */
  readonly default: DefaultExpression | null;
}

/** The default that a veneer of this version is to have for a shard's column; null: none of the shard's. Pure. */
export function copiedDefault(column: Column, version: number): DefaultExpression | null {
  const since = column.default?.copiedSince ?? null;
  return since !== null && since <= version ? column.default : null;
}

/** A relation of a shard that a veneer may show. */
export interface Relation extends QualifiedName {
  readonly oid: string;
  readonly isPartition: boolean;
  /** pg_class.relkind. */
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f';
  /** pg_class.relfilenode: another number says that it was rewritten or truncated; 0: it stores no rows. */
  readonly filenode: string;
  /** Does it take an INSERT on the shard? */
  readonly insertable: boolean;
  readonly columns: readonly ShardColumn[];
}

/** A column as it stands on a shard. */
export interface ShardColumn extends Column {
  readonly attnum: number;
  /** A default, an identity or a generated expression: an INSERT may leave the column out. */
  readonly hasDefault: boolean;
  /** By what the shard gives the column its value, where it is not a default. */
  readonly computed: 'identity always' | 'identity by default' | 'stored' | 'virtual' | null;
}

/** A partitioned table of a veneer. */
export interface PartitionParent extends QualifiedName {
  readonly oid: string;
}

/** Which foreign table stands on a veneer, and what it shows. */
export interface ForeignTableHead extends QualifiedName {
  readonly oid: string;
  readonly owner: string;
  readonly server: string;
  readonly options: Options;
  /** The partitioned table that it is attached to, else null. */
  readonly parent: PartitionParent | null;
}

/** A foreign table as it stands on a veneer. */
export interface ForeignTable extends ForeignTableHead {
  readonly columns: readonly ForeignColumn[];
}

/** A column as it stands on a veneer, with the options of its foreign table. */
export interface ForeignColumn extends Column {
  readonly options: Options;
}

/** Options of postgres_fdw, by name. */
export type Options = Readonly<Record<string, string>>;

/** The remote name that postgres_fdw uses for a foreign table: its options, or else its own name. */
export const remoteOf = (table: ForeignTableHead): QualifiedName => ({
  schema: table.options['schema_name'] ?? table.schema,
  name: table.options['table_name'] ?? table.name,
});

/** The remote name that postgres_fdw uses for a column. */
export const remoteColumnOf = (column: ForeignColumn): string => column.options['column_name'] ?? column.name;

/** `{key=value,…}` of the catalogs as a record; a value may hold `=` itself. */
export function optionsOf(entries: readonly string[] | null): Options {
  if (entries === null) return NO_OPTIONS;
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=');
      return [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

const NO_OPTIONS: Options = {};
