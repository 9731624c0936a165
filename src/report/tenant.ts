import type { ReportBase } from './report-base.js';

export interface TenantReport extends ReportBase {
  readonly command: 'tenant';
  readonly action: 'list' | 'add' | 'drop';
  /** True where nothing was changed because --dry-run asked for it. */
  readonly dryRun: boolean;
  readonly tenants: readonly TenantLine[];
}

export interface TenantLine {
  readonly tenant: string;
  readonly shard: string;
  /** On the shard; null where only a ledger knows the tenant. */
  readonly schema: string | null;
  readonly state: TenantState;
  /** The last migration that it has, in the order of the files; null: none, or not known. */
  readonly version: string | null;
  /** How many migrations it lacks; null: not known. */
  readonly pending: number | null;
}

/** How a tenant stands, or what was done about it. */
export type TenantState =
  /** Has its schema and every migration. */
  | 'live'
  /** Lacks migrations. */
  | 'pending'
  /** Is listed, and has no schema yet. */
  | 'not made'
  /** Its shard's ledger knows it, or a veneer lists it, and it is not listed there. */
  | 'left'
  | 'unreachable'
  | 'to add'
  | 'added'
  /** It was whole before. */
  | 'there already'
  | 'to drop'
  | 'dropped'
  /** Veneers show it no more, and its database is still there. */
  | 'not shown'
  | 'failed'
  | 'in doubt'
  | 'not started';
