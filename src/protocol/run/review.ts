import type { TenantConfig } from '../../config/config.js';

/** What an attempt is about to commit on one veneer, of what one shard has; it may be nothing. */
export interface VeneerStatements {
  readonly migration: string;
  readonly shard: string;
  readonly veneer: string;
  /** By schema of the shard: the statements that change the foreign tables which show it. */
  readonly tables: ReadonlyMap<string, readonly string[]>;
  /** All others: types, parents of partitions, views that were put aside and restored. */
  readonly rest: readonly string[];
}

/** Sees what a step did on veneers for these tenants, before the vote. Throws where that must not be committed. */
export type Review = (done: readonly VeneerStatements[], tenants: readonly TenantConfig[]) => void;
