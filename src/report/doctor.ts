import type { Role } from '../fleet/member.js';
import type { ReportBase } from './report-base.js';

export interface DoctorReport extends ReportBase {
  readonly command: 'doctor';
  /** Of the machine that asks. */
  readonly machine: readonly DoctorCheck[];
  readonly members: readonly DoctorMember[];
}

export interface DoctorMember {
  readonly member: string;
  readonly role: Role;
  /** '17.2'; null: not reached. */
  readonly version: string | null;
  readonly checks: readonly DoctorCheck[];
}

/** What was looked at: one of these may have found several things. */
export type CheckName =
  | 'Node'
  | 'connection'
  | 'version'
  | 'prepared transactions'
  | 'connections'
  | 'locks'
  | 'settings'
  | 'postgres_fdw'
  | 'extensions'
  | 'setup'
  | 'rights'
  | 'owner'
  | 'passwords'
  | 'user mappings'
  | 'left prepared'
  | 'clock';

/**
 * `failed`: setup, up, or a way of the application through a veneer fails of it. `warning`: all of that works, and less well, or less
 * safely, than it could. `not asked`: nothing is known.
 */
export type CheckOutcome = 'ok' | 'warning' | 'failed' | 'not asked';

export interface DoctorCheck {
  readonly check: CheckName;
  readonly outcome: CheckOutcome;
  readonly found: string;
  /** SQL, a setting, or a command to type; null: there is nothing to do. */
  readonly cure: string | null;
}
