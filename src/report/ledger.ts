import type { ReportBase } from './report-base.js';

export interface LedgerReport extends ReportBase {
  readonly command: 'ledger';
  readonly action: 'accept' | 'export';
  /** True where nothing was written because nobody said --yes. */
  readonly dryRun: boolean;
  /** Only those where there is something to write. */
  readonly changes: readonly LedgerChange[];
}

/** What is written for subjects of one member that fare alike. */
export interface LedgerChange {
  readonly member: string;
  /** Tenants; for a migration of a shard or veneer that one's own name. */
  readonly subjects: readonly string[];
  /** `accept`: whose checksum; `export`: which are added to pgmigrations. */
  readonly migrations: readonly string[];
  readonly state: 'to write' | 'written' | 'not started';
}
