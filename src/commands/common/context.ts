import type { StartWatchdog } from '../../protocol/run/run.js';
import type { OnProgress } from '../../report/progress.js';

/** What a command gets from the outside besides its options. */
export interface CommandContext {
  readonly onProgress: OnProgress;
  /** Fires on Ctrl-C or SIGTERM: the running attempt is rolled back, locks are released, the report is made. */
  readonly signal: AbortSignal;
  /** user@host of whoever runs it, for those who look at pg_stat_activity. */
  readonly who: string;
  /** Called at each named point of the protocol; crash tests end the process there. */
  readonly at: (point: string) => Promise<void>;
  /** Shows these lines and asks a person for yes or no; left out: there is nobody to ask. */
  readonly confirm?: (lines: readonly string[]) => Promise<boolean>;
  /** Starts the process that settles what this one leaves; left out: there is none. */
  readonly startWatchdog?: StartWatchdog;
}
