import type { Problem } from '../errors.js';
import type { Role } from '../fleet/member.js';
import type { Drift } from './drift/drift.js';
import type { MappingStatus } from './drift/drift-of-servers.js';
import type { RunState } from './history.js';
import type { Siblings } from './drift/shapes.js';
import type { TableWrites } from './writes.js';
import type { ReportBase } from './report-base.js';

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
  /** What was done last to the fleet, as far as a history that could be read tells; null: nothing. */
  readonly lastRun: LastRun | null;
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

/** The run that began last, of whatever command but those that only settle. */
export interface LastRun {
  readonly run: string;
  readonly command: string;
  readonly state: RunState;
  /** ISO timestamp, by the clock of the journal member. */
  readonly began: string;
}

/** A transaction that is prepared and not settled. */
export interface InDoubt {
  readonly member: string;
  readonly step: string;
  readonly gid: string;
  readonly owner: string;
  readonly ageSeconds: number;
}
