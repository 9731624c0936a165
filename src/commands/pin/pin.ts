import type { Selection } from '../../fleet/selection.js';
import type { Scope } from '../../migrations/migration.js';
import type { PlanLimit } from '../../migrations/plan/plan.js';

/** A plan that was rehearsed, with what it was made for: the file of `rehearse --out`. FORMATS.md describes it. */
export interface Pin extends PinnedState {
  readonly format: typeof PIN_FORMAT;
  /** Of pg-veneer. */
  readonly version: string;
  readonly fleet: string;
  /** ISO timestamp, by the clock of whoever made it. */
  readonly made: string;
  readonly selection: PinnedSelection;
  /** Tenants by shard, each with the one that was rehearsed in its place. */
  readonly tenants: readonly PinnedTenant[];
  readonly veneers: readonly PinnedStatements[];
}

/** The first word of the file: another one is no plan, or one of another format. */
export const PIN_FORMAT = 'pg-veneer plan 1';

/** What was selected when the plan was made, defaults filled in. */
export interface PinnedSelection extends Required<Selection> {
  readonly limit: PlanLimit;
}

/** A tenant that the plan is for, and the one whose rehearsal stands for it. */
export interface PinnedTenant {
  /** The member that it lives in: a shard, or a database of its own. */
  readonly shard: string;
  readonly tenant: string;
  readonly schema: string;
  readonly rehearsedAs: string;
}

/** The statements of one migration on one veneer, passwords masked. */
export interface PinnedStatements {
  readonly migration: string;
  readonly veneer: string;
  /** Of foreign tables, by what was rehearsed: a tenant, or a schema of a shard that is no tenant's. */
  readonly tables: readonly { readonly of: string; readonly statements: readonly string[] }[];
  /** Of types, parents, views. */
  readonly others: readonly string[];
}

/** What has to be the same when the plan is carried out. */
export interface PinnedState {
  readonly members: readonly PinnedMember[];
  /** What is pending, in its order. */
  readonly migrations: readonly PinnedMigration[];
  readonly subjects: readonly PinnedSubject[];
  readonly shown: readonly PinnedShown[];
}

/** Which database a member is. */
export interface PinnedMember {
  readonly member: string;
  readonly role: string;
  readonly systemIdentifier: string;
  readonly databaseOid: string;
}

/** A pending migration, by what it says. */
export interface PinnedMigration {
  readonly migration: string;
  readonly file: string;
  readonly checksum: string;
  /** SHA-256 of what it was compiled to; null: it asks the database, and is built when it runs. */
  readonly statements: string | null;
}

/** A tenant, or a shard or veneer itself. */
export interface PinnedSubject {
  readonly scope: Scope;
  readonly name: string;
  readonly member: string;
  /** Of its part of the ledger. */
  readonly ledger: string;
  /** Of the definitions in its schema; null where it has none. */
  readonly shape: string | null;
}

/** The foreign tables of a veneer that show one shard. */
export interface PinnedShown {
  readonly veneer: string;
  readonly shard: string;
  readonly definitions: string;
}
