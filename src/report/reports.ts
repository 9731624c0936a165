import type { Problem } from '../errors.js';
import type { Role } from '../fleet/member.js';
import type { BaselineReport } from './baseline.js';
import type { CreateReport } from './create.js';
import type { DoctorReport } from './doctor.js';
import type { HistoryRun, HistoryStep, RunState } from './history.js';
import type { InitReport } from './init.js';
import type { LedgerReport } from './ledger.js';
import type { LintReport } from './lint.js';
import type { PlanReport } from './plan.js';
import type { RehearseReport } from './rehearse.js';
import type { TenantReport } from './tenant.js';
import type { ReportBase } from './report-base.js';
import type { SettledAttempt } from './settled-attempt.js';
import type { UpReport } from './up.js';
import type { StatusReport } from './status.js';
import type { WhyReport } from './why.js';

/** What a command answers: a value, complete, with its exit code; printing it is somebody else's work. */
export type Report =
  | UpReport
  | InitReport
  | DoctorReport
  | SetupReport
  | StatusReport
  | WhyReport
  | SyncReport
  | RecoverReport
  | HistoryReport
  | StopReport
  | CreateReport
  | BaselineReport
  | PlanReport
  | RehearseReport
  | LintReport
  | LedgerReport
  | TenantReport
  | SandboxReport;

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
  /** How many of them write a user mapping again only because this user cannot read it. */
  readonly rewritten: number;
  /** Statements that this user may not run, for someone who may; secrets masked. */
  readonly forSuperuser: readonly string[];
  readonly problem: Problem | null;
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
