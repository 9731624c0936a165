import type { ExitCode, Problem } from '../errors.js';

/** What the report of every command has. */
export interface ReportBase {
  readonly fleet: string;
  readonly exitCode: ExitCode;
  /** The command to type next; null when there is nothing to do. */
  readonly next: string | null;
  readonly problems: readonly Problem[];
  /** Sentences that are no problem but worth reading. */
  readonly notices: readonly string[];
}
