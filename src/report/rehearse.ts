import type { Problem } from '../errors.js';
import type { RelationLock } from '../migrations/sql/lock-modes.js';
import type { Scope } from '../migrations/migration.js';
import type { ReportBase } from './report-base.js';
import type { TableWrites } from './writes.js';

export interface RehearseReport extends ReportBase {
  readonly command: 'rehearse';
  readonly run: string;
  /** Whom the migrations for tenants ran for. */
  readonly tenants: readonly RehearsedTenant[];
  /** All that are pending, in their order, whatever became of them. */
  readonly steps: readonly RehearsedStep[];
  /** Sequences that stand elsewhere than before: what they gave out is not taken back by a rollback. */
  readonly moved: readonly MovedSequence[];
  /** The file that was written for `migrate up --plan`; null: none. */
  readonly plan: string | null;
  readonly ms: number;
}

/** A tenant that migrations ran for. */
export interface RehearsedTenant {
  readonly shard: string;
  readonly tenant: string;
  /** Tenants of the same shape on the same shard, for which nothing ran. */
  readonly standsFor: readonly string[];
}

export interface RehearsedStep {
  readonly migration: string;
  readonly scope: Scope;
  /** `not rehearsed`: it runs without a transaction, and could not be rolled back. */
  readonly state: 'rehearsed' | 'failed' | 'not rehearsed' | 'not started';
  /** Milliseconds, of shards and veneers together. */
  readonly ms: number | null;
  readonly members: readonly RehearsedMember[];
  /** INSERTs through a veneer that do no longer what they did before. */
  readonly writes: readonly TableWrites[];
  /** Why it failed: one for each tenant in which it does. */
  readonly problems: readonly Problem[];
}

/** What a migration did on one member. */
export interface RehearsedMember {
  readonly member: string;
  /** Where it ran itself, or what follows it. */
  readonly part: 'runs' | 'follows';
  /** None where the migration is the member's own. */
  readonly tenants: readonly string[];
  /** Milliseconds until its statements had run for all of them. */
  readonly ms: number | null;
  /** What brought a veneer in line. */
  readonly statements: readonly string[];
  /** On relations of ours; what an earlier migration of the rehearsal had locked as strongly is left out. */
  readonly locks: readonly RelationLock[];
  /** Relations that were rewritten or truncated, or of which others' rows are read now. */
  readonly rewrites: readonly string[];
}

export interface MovedSequence {
  readonly member: string;
  readonly sequence: string;
}
