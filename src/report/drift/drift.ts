import type { Where } from '../../errors.js';
import type { ShapeDifference } from './shapes.js';

/** How bad a difference is for those who read and write, worst first. */
export const GRADES = ['wrong answers', 'error', 'writes break', 'invisible', 'cosmetic'] as const;

export type DriftGrade = (typeof GRADES)[number];

/** The worst first. */
export const byGrade = (a: { readonly grade: DriftGrade }, b: { readonly grade: DriftGrade }): number =>
  GRADES.indexOf(a.grade) - GRADES.indexOf(b.grade);

/** Each has its case in test/drift/cases. */
export const DRIFT_KINDS = [
  'missing table',
  'extra table',
  'name taken',
  'partition',
  'union view',
  'missing column',
  'extra column',
  'column order',
  'column type',
  'collation',
  'nullability',
  'generated expression',
  'default',
  'option',
  'unsupported type',
  'missing type',
  'type',
  'label order',
  'missing label',
  'extra label',
  'extension',
  'server',
  'user mapping',
  'privileges',
  'tenant',
  'ledger',
  'odd tenant',
  'absent tenant',
  'shard behind',
] as const;

export type DriftKind = (typeof DRIFT_KINDS)[number];

/**
 * One difference between what a veneer shows and what the shards are; or between shards, tenants and what is recorded of
 * them.
 */
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
  /** The command that cures it, or what has to be done by hand. */
  readonly cure: string;
  /** Of an odd tenant: all that differs from its siblings. */
  readonly differences?: readonly ShapeDifference[];
}
