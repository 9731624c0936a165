import type { QualifiedName } from '../../postgres/identifiers.js';

/** A foreign table that a step of this run made, or of which it changed a type. */
export type ShownTable = NewTable | ChangedTable;

interface Shown {
  readonly veneer: string;
  readonly shard: string;
}

/** One that a step made. */
export interface NewTable extends Shown {
  readonly kind: 'new';
  readonly name: QualifiedName;
  /** What it showed of the shard then. */
  readonly remote: QualifiedName;
}

/** By its oid: it may have been renamed since. */
export interface ChangedTable extends Shown {
  readonly kind: 'changed';
  readonly oid: string;
}
