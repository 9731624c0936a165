import type { Where } from '../errors.js';

/** How bad a difference is for those who read and write through the veneer, worst first. */
export type DriftGrade = 'wrong answers' | 'error' | 'writes break' | 'invisible' | 'cosmetic';

export type DriftKind =
  | 'missing table'
  | 'extra table'
  | 'name taken'
  | 'partition'
  | 'missing column'
  | 'extra column'
  | 'column order'
  | 'column type'
  | 'collation'
  | 'nullability'
  | 'generated expression'
  | 'default'
  | 'option'
  | 'unsupported type'
  | 'missing type'
  | 'type'
  | 'label order'
  | 'missing label'
  | 'extra label'
  | 'extension'
  | 'missing schema'
  | 'server'
  | 'user mapping'
  | 'privileges'
  | 'ledger';

/** One difference between what a veneer shows and what the shards are. */
export interface Drift {
  readonly kind: DriftKind;
  readonly grade: DriftGrade;
  readonly where: Where & { readonly shard?: string; readonly veneer?: string };
  /** What differs: `cyberdyne.books.isbn`. */
  readonly object: string;
  /** One sentence: what is there and what should be. */
  readonly text: string;
  /** What a reader or writer suffers, one sentence. */
  readonly consequence: string;
  /** The command that cures it. */
  readonly cure: string;
}
