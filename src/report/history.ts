import type { Problem } from '../errors.js';
import type { StepPhase } from './progress.js';

/** How a run said that it ended. */
export type RunOutcome =
  | 'done'
  | 'failed'
  /** A part of the fleet is ahead. */
  | 'partly done'
  | 'in doubt'
  | 'unreachable'
  /** By Ctrl-C or SIGTERM. */
  | 'interrupted'
  /** By `migrate stop`. */
  | 'stopped'
  /** An error of the tool itself. */
  | 'fault';

/** `ended without a word`: it holds no lock any more and wrote no end; it was killed, or could not write. */
export type RunState = RunOutcome | 'running' | 'ended without a word';

/** A command that changed the fleet, or meant to. */
export interface HistoryRun {
  readonly run: string;
  readonly command: string;
  /** user@host, as the runner knew it. */
  readonly who: string;
  /** The address that the journal member saw; null: a local socket. */
  readonly client: string | null;
  /** Of pg-veneer. */
  readonly version: string;
  /** ISO timestamp, by the clock of the journal member, like all others here. */
  readonly began: string;
  readonly ended: string | null;
  readonly ms: number | null;
  readonly state: RunState;
  /** Its steps as they stand now, whoever settled them. */
  readonly steps: { readonly committed: number; readonly other: number };
  readonly stopAskedBy: string | null;
  readonly problems: readonly Problem[];
}

/** How a step ended, or what became of it when a later run settled it. */
export interface HistoryStep {
  /** Begins with the id of the run that it belongs to. */
  readonly step: string;
  /** The other run that settled it; null where it is the run's own word. */
  readonly settledBy: string | null;
  readonly shard: string | null;
  /** Null for `sync`. */
  readonly migration: string | null;
  readonly tenants: number | null;
  readonly protocol: string | null;
  readonly outcome: 'committed' | 'failed' | 'interrupted' | 'in doubt' | 'rolled back';
  readonly attempts: number | null;
  readonly ended: string;
  /** Milliseconds of all its attempts. */
  readonly ms: number | null;
  readonly problems: readonly Problem[];
  readonly details: StepDetails;
}

/** What is kept of a step besides; each part only where it is known. */
export interface StepDetails {
  /** Left out: up. Tenants that come or go are no migration. */
  readonly direction?: 'down' | 'tenant add' | 'tenant drop';
  readonly phases?: readonly PhaseTime[];
  /** The migration's, as they run for each tenant; secrets masked, long ones cut. */
  readonly statements?: KeptStatements;
  /** By veneer. */
  readonly veneerStatements?: Readonly<Record<string, KeptStatements>>;
  /** How long (milliseconds) each table of a veneer was locked by the attempt that committed. */
  readonly locks?: readonly { readonly veneer: string; readonly table: string; readonly ms: number }[];
  /** In lock-step: milliseconds in which a shard had committed and not all of the veneers. */
  readonly windowMs?: number;
}

/** When a phase of a step began: milliseconds since the step did. */
export interface PhaseTime {
  readonly phase: StepPhase;
  readonly ms: number;
  /** For 'waiting', 'retrying' and 'failed'. */
  readonly why?: string;
}

/** A list of statements, cut where it was too long to keep. */
export interface KeptStatements {
  readonly sql: readonly string[];
  /** How many more there were. */
  readonly leftOut: number;
}
