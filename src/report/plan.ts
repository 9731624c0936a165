import type { RelationLock, StatementImpact } from '../migrations/sql/lock-modes.js';
import type { Scope } from '../migrations/migration.js';
import type { StatementWrites } from '../migrations/sql/statement-writes.js';
import type { ReportBase } from './report-base.js';

export interface PlanReport extends ReportBase {
  readonly command: 'plan';
  /** What is pending anywhere, in its order. */
  readonly migrations: readonly PlanMigration[];
  /** Tenants, shards and veneers by what is pending for them. */
  readonly groups: readonly PlanGroup[];
  readonly shards: readonly PlanShard[];
  /** Migrations of a shard that take several steps, and why. */
  readonly batches: readonly PlanBatch[];
  readonly capacity: PlanCapacity;
  /** Files that were written for a review. */
  readonly files: readonly string[];
}

export interface PlanMigration {
  readonly migration: string;
  readonly scope: Scope;
  readonly file: string;
  readonly transaction: 'step' | 'none';
  /** Null: it asks the database, and is built when it runs. */
  readonly statements: readonly PlanStatement[] | null;
  /** Has it a verify part? */
  readonly verified: boolean;
  /** For how many tenants, shards or veneers it runs. */
  readonly runs: number;
  /** Milliseconds for one of them: the median of those who have it; null: nobody has. */
  readonly msEach: number | null;
}

export interface PlanStatement {
  readonly sql: string;
  readonly line: number | null;
  /** On relations that are there before it. */
  readonly locks: readonly RelationLock[];
  /** `unknown`: it may lock more. */
  readonly others: StatementImpact['others'];
  readonly rewrites: StatementImpact['rewrites'];
  /** INSERTs through a veneer that the shard alone could complete, where the table is shown. */
  readonly writes: readonly StatementWrites[];
}

/** Subjects that lack the same migrations. */
export interface PlanGroup {
  readonly scope: Scope;
  readonly subjects: readonly string[];
  readonly pending: readonly string[];
}

export interface PlanShard {
  readonly shard: string;
  /** One for each batch of tenants. */
  readonly steps: readonly PlanStep[];
  /** All of its statements; null where that is known only when they run. */
  readonly statements: number | null;
  /** Milliseconds, from what the same migrations took elsewhere; null where one of them ran nowhere yet. */
  readonly estimateMs: number | null;
}

/** A migration that takes several steps on a shard. */
export interface PlanBatch {
  readonly shard: string;
  readonly migration: string;
  readonly steps: number;
  /** In the largest of them. */
  readonly tenants: number;
  /** Half of the lock table of the smallest server; that readers wait for all of a step; or the configuration. */
  readonly by: 'lock table' | 'readers' | 'rollout.batch';
}

export interface PlanStep {
  readonly migration: string;
  /** None where the migration is the shard's own. */
  readonly tenants: readonly string[];
}

export interface PlanCapacity {
  /** Shards that are migrated at the same time. */
  readonly lanes: number;
  readonly members: readonly PlanMember[];
  /** One for each server with shards. */
  readonly fdw: readonly FdwDemand[];
}

/** What postgres_fdw may ask of one server: a connection for each session on a veneer, foreign server and user mapping. */
export interface FdwDemand {
  /** The shards on this server. */
  readonly shards: readonly string[];
  /** Connections that the sessions of this moment may ask for. */
  readonly now: number;
  /** The same, were the veneers full. */
  readonly most: number;
  /** Connections that the server has for postgres_fdw now: free ones, and those that it has already. */
  readonly room: number;
  /** Connections that the server allows at all. */
  readonly connections: number;
}

/** What a server has left. */
export interface PlanMember {
  readonly member: string;
  readonly locks: number;
  readonly freeSlots: number;
  readonly freeConnections: number;
}
