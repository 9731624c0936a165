import type { ReportBase } from './report-base.js';

export interface BaselineReport extends ReportBase {
  readonly command: 'baseline';
  /** Where the list of applied migrations comes from: a table of another tool, or --to. */
  readonly source: 'pgmigrations' | 'flyway' | 'to';
  /** True where nothing was recorded because nobody said --yes. */
  readonly dryRun: boolean;
  /** Every tenant that was selected. */
  readonly tenants: readonly BaselineTenant[];
}

export interface BaselineTenant {
  readonly shard: string;
  readonly tenant: string;
  readonly state: 'to record' | 'recorded' | 'nothing to record' | 'refused' | 'not started';
  /** Migrations that are or would be recorded as applied. */
  readonly migrations: readonly string[];
  /** Migrations that `up` has to run afterwards. */
  readonly pending: readonly string[];
}
