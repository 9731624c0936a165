import type { QualifiedName } from '../../postgres/identifiers.js';

/** A foreign table that a step of this run made, or of which it changed a type. */
export interface ShownTable {
  readonly veneer: string;
  readonly shard: string;
  readonly kind: 'new' | 'changed';
  /** Of a new one its name, of a changed one its oid: it may have been renamed since. */
  readonly name?: QualifiedName;
  readonly oid?: string;
}
