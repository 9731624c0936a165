import type { QualifiedName } from '../../postgres/identifiers.js';

/** A statement that was run on a veneer, and what it belongs to: told where it is made, since its text does not say. */
export interface VeneerStatement {
  readonly sql: string;
  readonly of: StatementOf;
}

/** What a statement on a veneer belongs to. */
export type StatementOf =
  /** The foreign table that shows this relation of a shard. */
  | { readonly kind: 'table'; readonly remote: QualifiedName }
  /** A view over all tenants: it follows from rules and the other statements, and from how far the fleet's other shards are. */
  | { readonly kind: 'union' }
  /** Types, schemas, parents of partitions, and what was put aside and restored. */
  | { readonly kind: 'other' };

export const UNION: StatementOf = { kind: 'union' };
export const OTHER: StatementOf = { kind: 'other' };

/** Each of them, as what it belongs to. */
export const tagged = (of: StatementOf, statements: readonly string[]): VeneerStatement[] =>
  statements.map((sql) => ({ sql, of }));

export const sqlOf = (statements: readonly VeneerStatement[]): string[] => statements.map(({ sql }) => sql);
