import type { Problem } from '../errors.js';
import type { UpHook } from './hooks.js';
import type { ShardState } from './progress.js';
import type { TableWrites } from './writes.js';
import type { ReportBase } from './report-base.js';
import type { SettledAttempt } from './settled-attempt.js';

/** Of `up`, `down` and `redo`: the steps say which way they went. */
export interface UpReport extends ReportBase {
  readonly command: 'up' | 'down' | 'redo';
  readonly dryRun: boolean;
  readonly run: string | null;
  readonly settled: readonly SettledAttempt[];
  /** Every shard of the fleet that was selected, whatever became of it. */
  readonly shards: readonly UpShard[];
  /** Steps of all veneers together; each one came after all that stands before it in `order`, on every shard. */
  readonly veneerSteps: readonly UpVeneerStep[];
  /** What ran, or was to, of all scopes. */
  readonly order: readonly UpOrder[];
  /** What runs around the steps, as shards.yaml has it. */
  readonly hooks: readonly UpHook[];
  readonly ms: number;
}

/** A migration in its place among all. */
export interface UpOrder {
  readonly migration: string;
  readonly scope: 'tenant' | 'shard' | 'veneer';
  readonly direction: 'up' | 'down';
}

/** A step of the veneers, which has a problem of its own. */
export interface UpVeneerStep extends Omit<UpStep, 'tenants' | 'notAtOnce' | 'veneerStatements' | 'writes'> {
  /** Those that did not have it (down: that had it). */
  readonly veneers: readonly string[];
  readonly problem: Problem | null;
}

export interface UpShard {
  readonly shard: string;
  readonly state: ShardState;
  readonly tenants: readonly string[];
  readonly steps: readonly UpStep[];
  readonly problem: Problem | null;
  /** Tenants that were left out (on_error: skip-tenant): the migration that failed in them, and why. */
  readonly skipped: readonly {
    readonly tenant: string;
    readonly migration: string;
    readonly problem: Problem;
  }[];
}

export interface UpStep {
  readonly migration: string;
  readonly scope: 'tenant' | 'shard' | 'veneer';
  readonly direction: 'up' | 'down';
  readonly state: 'not started' | 'committed' | 'failed' | 'interrupted' | 'in doubt' | 'planned';
  readonly tenants: readonly string[];
  /** Milliseconds of the attempt that ended it. */
  readonly ms: number | null;
  readonly attempts: number;
  readonly protocol: 'one server' | 'two-phase' | 'lock-step' | 'no transaction' | null;
  /** How long (milliseconds) each table of a veneer was locked by the attempt that committed. */
  readonly locks: readonly { readonly veneer: string; readonly table: string; readonly ms: number }[];
  /** In lock-step: milliseconds in which a shard had committed and not all of the veneers; null otherwise. */
  readonly windowMs: number | null;
  /** In lock-step: other shards of the same step, which committed before this one or after it, and not at once. */
  readonly notAtOnce: readonly string[];
  /** SQL per veneer: what was executed, or with `dryRun` nothing, since it is known only inside the step. */
  readonly veneerStatements: Readonly<Record<string, readonly string[]>>;
  /** INSERTs through a veneer that do no longer what they did before the step. */
  readonly writes: readonly TableWrites[];
  /** With `dryRun`: the migration's own statements. */
  readonly statements: readonly string[];
}
