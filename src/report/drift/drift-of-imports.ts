import type { ForeignTable, ShardColumn } from '../../catalog/relations/relation.js';
import { display } from '../../postgres/identifiers.js';
import type { ExposedRelation } from '../../veneer/exposure/definition.js';
import type { Drift } from './drift.js';
import { columnDifferences } from './drift-of-columns.js';

/** One relation three times: as IMPORT makes it, as it stands on the veneer, as it was read from the shard. */
export interface ImportComparison {
  readonly shard: string;
  readonly veneer: string;
  /** server_version_num of the shard, and of the veneer. */
  readonly shardVersion: number;
  readonly version: number;
  readonly imported: ForeignTable;
  readonly present: ForeignTable;
  readonly exposed: ExposedRelation;
}

/** The version that brought NOT NULL constraints that are NOT VALID. */
const NOT_VALID = 180_000;

/**
 * What differs between a foreign table and what IMPORT FOREIGN SCHEMA makes of its relation, but for what is meant to
 * (docs/adr/0007): defaults, and a NOT NULL that is not validated. Pure.
 */
export function importDrift(comparison: ImportComparison): Drift[] {
  const { shard, veneer, shardVersion, version, imported, present, exposed } = comparison;
  const { tenant } = exposed.definition;
  const read = new Map(exposed.relation.columns.map((column) => [column.name, column]));
  const stands = new Map(present.columns.map((column) => [column.name, column]));
  const wanted = imported.columns.map((column, index): ShardColumn => ({
    ...column,
    attnum: index + 1,
    notNull: column.notNull && !(shardVersion >= NOT_VALID && read.get(column.name)?.notNull === false),
    default: stands.get(column.name)?.default ?? null,
    hasDefault: read.get(column.name)?.hasDefault ?? false,
    computed: read.get(column.name)?.computed ?? null,
  }));
  return columnDifferences(present, wanted, version).map(({ column, ...difference }) => ({
    ...difference,
    text: `IMPORT FOREIGN SCHEMA differs: ${difference.text}`,
    where: { shard, veneer, ...(tenant === null ? {} : { tenant }) },
    object: column === null ? display(present) : `${display(present)}.${column}`,
    cure: 'migrate sync',
  }));
}
