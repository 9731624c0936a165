/** PostgreSQL's table locks, the weakest first: https://www.postgresql.org/docs/current/explicit-locking.html */
export const LOCK_MODES = [
  'ACCESS SHARE',
  'ROW SHARE',
  'ROW EXCLUSIVE',
  'SHARE UPDATE EXCLUSIVE',
  'SHARE',
  'SHARE ROW EXCLUSIVE',
  'EXCLUSIVE',
  'ACCESS EXCLUSIVE',
] as const;

export type LockMode = (typeof LOCK_MODES)[number];

/** A lock that a statement takes on a relation that was there before it. */
export interface RelationLock {
  /** As the statement writes it: `books`, `shared.books`. */
  readonly relation: string;
  readonly mode: LockMode;
}

/** What a statement does to those who use its tables meanwhile, as far as its text tells. */
export interface StatementImpact {
  readonly locks: readonly RelationLock[];
  /** `unknown`: it may lock more than that: what the catalogs, a function or a trigger decide. */
  readonly others: 'none' | 'unknown';
  /** Does it write a table, or an index, anew? */
  readonly rewrites: 'no' | 'yes' | 'unknown';
}

/** The strongest lock on each relation. */
export function strongest(locks: readonly RelationLock[]): RelationLock[] {
  const byRelation = new Map<string, LockMode>();
  for (const { relation, mode } of locks) {
    const held = byRelation.get(relation);
    if (held === undefined || LOCK_MODES.indexOf(mode) > LOCK_MODES.indexOf(held))
      byRelation.set(relation, mode);
  }
  return [...byRelation].map(([relation, mode]) => ({ relation, mode }));
}

/** Several statements, or parts of one, together. */
export function together(impacts: readonly StatementImpact[]): StatementImpact {
  const worst = (values: readonly StatementImpact['rewrites'][]): StatementImpact['rewrites'] =>
    values.includes('yes') ? 'yes' : values.includes('unknown') ? 'unknown' : 'no';
  return {
    locks: strongest(impacts.flatMap(({ locks }) => locks)),
    others: impacts.some(({ others }) => others === 'unknown') ? 'unknown' : 'none',
    rewrites: worst(impacts.map(({ rewrites }) => rewrites)),
  };
}

/** Nothing can be told. */
export const UNKNOWN: StatementImpact = { locks: [], others: 'unknown', rewrites: 'unknown' };
