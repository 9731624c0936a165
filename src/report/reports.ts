import type { Problem } from '../errors.js';
import type { Role } from '../fleet/member.js';
import type { BaselineReport } from './baseline.js';
import type { CreateReport } from './create.js';
import type { Drift } from './drift.js';
import type { UpHook } from './hooks.js';
import type { MappingStatus } from './drift-of-servers.js';
import type { HistoryRun, HistoryStep, RunState } from './history.js';
import type { LedgerReport } from './ledger.js';
import type { PlanReport } from './plan.js';
import type { RehearseReport } from './rehearse.js';
import type { ShardState } from './progress.js';
import type { Siblings } from './shapes.js';
import type { TenantReport } from './tenant.js';
import type { TableWrites } from './writes.js';
import type { ReportBase } from './report-base.js';

/** What a command answers: a value, complete, with its exit code; printing it is somebody else's work. */
export type Report =
  | UpReport
  | SetupReport
  | StatusReport
  | SyncReport
  | RecoverReport
  | HistoryReport
  | StopReport
  | CreateReport
  | BaselineReport
  | PlanReport
  | RehearseReport
  | LedgerReport
  | TenantReport
  | SandboxReport;

/** What became of an attempt that an earlier run left. */
export interface SettledAttempt {
  readonly step: string;
  readonly migration: string | null;
  readonly members: readonly string[];
  readonly ending: 'committed' | 'rolled back' | 'in doubt';
  /** Why it is in doubt, or which members lost it. */
  readonly detail: string | null;
}

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

export interface UpOrder {
  readonly migration: string;
  readonly scope: 'tenant' | 'shard' | 'veneer';
  readonly direction: 'up' | 'down';
}

export interface UpVeneerStep extends Omit<UpStep, 'tenants' | 'veneerStatements' | 'writes'> {
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
  /** SQL per veneer: what was executed, or with `dryRun` nothing, since it is known only inside the step. */
  readonly veneerStatements: Readonly<Record<string, readonly string[]>>;
  /** INSERTs through a veneer that do no longer what they did before the step. */
  readonly writes: readonly TableWrites[];
  /** With `dryRun`: the migration's own statements. */
  readonly statements: readonly string[];
}

export interface SetupReport extends ReportBase {
  readonly command: 'setup';
  readonly dryRun: boolean;
  readonly members: readonly SetupMember[];
}

export interface SetupMember {
  readonly member: string;
  readonly role: Role;
  readonly state: 'done' | 'nothing to do' | 'planned' | 'failed' | 'not started';
  /** Statements that were run (or would be), secrets masked as '***'. */
  readonly statements: readonly string[];
  /** Statements that this user may not run, for someone who may; secrets masked. */
  readonly forSuperuser: readonly string[];
  readonly problem: Problem | null;
}

export interface StatusReport extends ReportBase {
  readonly command: 'status';
  readonly members: readonly MemberStatus[];
  readonly shards: readonly ShardStatus[];
  /** Of migrations for shards and veneers themselves, where there are any. */
  readonly own: readonly OwnStatus[];
  readonly drift: readonly Drift[];
  /** How many tenants are like their siblings, and how many are not. */
  readonly siblings: Siblings;
  readonly inDoubt: readonly InDoubt[];
  /** The user mappings of the selected shards on all veneers. */
  readonly mappings: readonly MappingStatus[];
  /** With `verify`: how many foreign tables were compared with what IMPORT FOREIGN SCHEMA makes; else null. */
  readonly verified: number | null;
  /** Tables that take fewer INSERTs through a veneer than on their shard. No drift: it cannot be cured there. */
  readonly writes: readonly TableWrites[];
  /** All migrations of the folder, in order. */
  readonly migrations: readonly string[];
}

export interface MemberStatus {
  readonly member: string;
  readonly role: Role;
  readonly reachable: boolean;
  readonly setUp: boolean;
  /** '17.2' */
  readonly version: string | null;
  readonly problem: Problem | null;
}

export interface ShardStatus {
  readonly shard: string;
  readonly reachable: boolean;
  readonly tenants: readonly TenantStatus[];
}

/** What was applied to a shard or veneer itself. */
export interface OwnStatus {
  readonly scope: 'shard' | 'veneer';
  readonly member: string;
  /** Null where the ledger could not be read. */
  readonly applied: number | null;
  readonly pending: readonly string[];
  readonly last: string | null;
}

export interface TenantStatus {
  readonly tenant: string;
  readonly schema: string;
  /** Null where the ledger could not be read. */
  readonly applied: number | null;
  readonly pending: readonly string[];
  /** Name of the last applied migration. */
  readonly last: string | null;
  readonly drift: number;
}

/** A transaction that is prepared and not settled. */
export interface InDoubt {
  readonly member: string;
  readonly step: string;
  readonly gid: string;
  readonly owner: string;
  readonly ageSeconds: number;
}

export interface SyncReport extends ReportBase {
  readonly command: 'sync';
  readonly dryRun: boolean;
  readonly settled: readonly SettledAttempt[];
  readonly veneers: readonly SyncVeneer[];
}

export interface SyncVeneer {
  readonly veneer: string;
  readonly state: 'in line' | 'repaired' | 'planned' | 'failed' | 'not started';
  readonly statements: readonly string[];
  readonly problem: Problem | null;
}

export interface RecoverReport extends ReportBase {
  readonly command: 'recover';
  readonly dryRun: boolean;
  readonly settled: readonly SettledAttempt[];
}

export interface HistoryReport extends ReportBase {
  readonly command: 'history';
  /** Newest first; with `show` that one. */
  readonly runs: readonly HistoryRun[];
  /** With `show` that run's steps, in the order of their ends; else null. */
  readonly steps: readonly HistoryStep[] | null;
}

export interface StopReport extends ReportBase {
  readonly command: 'stop';
  readonly state: 'no runner' | 'ended' | 'still running' | 'not asked';
  /** The one that held the lock; null: nobody did. */
  readonly run: StoppedRun | null;
  /** How it ended, as history says. */
  readonly outcome: RunState | null;
  readonly ms: number;
}

export interface StoppedRun {
  /** Null where the session that holds the lock is none of pg-veneer. */
  readonly run: string | null;
  readonly command: string | null;
  readonly who: string | null;
  readonly client: string | null;
  readonly pid: number;
  /** ISO timestamp. */
  readonly since: string | null;
}

export interface SandboxReport extends ReportBase {
  readonly command: 'sandbox';
  readonly action: 'start' | 'stop' | 'status' | 'url' | 'logs';
  readonly servers: readonly SandboxServer[];
  /** For `url`: the url alone, so that it can stand in a script. It holds a sample password of the sandbox. */
  readonly url: string | null;
}

export interface SandboxServer {
  readonly name: string;
  /** Of a running server. */
  readonly port: number | null;
  readonly running: boolean;
  readonly pid: number | null;
  readonly log: string;
  /** True where this command started or stopped it. */
  readonly changed: boolean;
}
