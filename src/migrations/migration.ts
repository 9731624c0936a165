import type { Backfill } from '../backfill.js';
import type { Target } from '../target.js';

/** What a migration runs once for: each tenant, each shard, or each veneer. */
export type Scope = 'tenant' | 'shard' | 'veneer';

/** The scopes in the order in which migrations of one name run. */
export const SCOPES: readonly Scope[] = ['shard', 'tenant', 'veneer'];

/** A migration as loaded and compiled; its name is its file's, without ending: `20260101000000_authors`. */
export interface Migration {
  /** Unique within its scope. */
  readonly name: string;
  readonly scope: Scope;
  /** Path for messages, relative to the project: `migrations/20260101000000_authors.sql`. */
  readonly file: string;
  /** sha256 (hex) of the file's text with line endings and trailing blanks normalised. */
  readonly checksum: string;
  readonly body: MigrationBody;
  /** What must hold for a tenant once `body` has run for it; left out: nothing is asked. */
  readonly verify?: MigrationBody;
  readonly transaction: TransactionUse;
  /** What makes in one go all that this one and those before it make, for a tenant that has none of them. */
  readonly base?: Migration;
  /** Of a base: what it stands for, and is recorded as. */
  readonly covers?: readonly Migration[];
  /** What was noticed while loading: a BEGIN … COMMIT pair that was dropped, for instance. */
  readonly notices: readonly string[];
}

/**
 * `step`: all tenants of a shard in one transaction, the step's. `none`: each statement commits by itself, because its
 * file says so; the body is static then, and every statement has an effect.
 */
export type TransactionUse = 'step' | 'none';

/**
 * What the migration runs for one tenant. `static`: compiled once, the same for all tenants. `dynamic`: its
 * action asks the database (`pgm.db`) or for whom it runs, so it is built per tenant, inside the open transaction.
 */
export type MigrationBody =
  | { readonly kind: 'static'; readonly statements: readonly Statement[] }
  | {
      readonly kind: 'dynamic';
      readonly build: (db: MigrationDb, target: Target) => Promise<readonly Statement[]>;
    };

/** One SQL statement without its semicolon. */
export interface Statement {
  readonly sql: string;
  /** Line (1-based) of the file where `sql` begins; null where a builder made it. */
  readonly line: number | null;
  /** Column (1-based, in characters) where `sql` begins on that line; left out: 1. */
  readonly column?: number;
  /** Of a statement without a transaction. */
  readonly effect?: StatementEffect;
}

/** What is left of a statement without a transaction when it is interrupted, and when it is run a second time. */
export type StatementEffect =
  | {
      readonly kind: 'creates index';
      readonly index: string;
      readonly table: WrittenName;
      readonly ifNotExists: boolean;
    }
  | { readonly kind: 'drops index'; readonly index: WrittenName; readonly ifExists: boolean }
  | { readonly kind: 'rebuilds'; readonly what: 'index' | 'table'; readonly relation: WrittenName }
  /** Rows, batch by batch; the ledger's row says how far it has come. */
  | { readonly kind: 'fills'; readonly backfill: Backfill }
  /** A query: run in a transaction that cannot write. */
  | { readonly kind: 'reads' }
  /** Run twice, it leaves what it leaves when it is run once. */
  | { readonly kind: 'repeatable' };

/** A name as it stands in a statement. */
export interface WrittenName {
  /** Null: a tenant's. */
  readonly schema: string | null;
  readonly name: string;
}

/** Which half of a migration is meant. */
export type Direction = 'up' | 'down';

/** The parts that a migration's file may have. */
export type Part = Direction | 'verify';

/** How people call a migration: `20260101000000_authors`, `veneer/20260102000000_all_authors`. */
export const labelOf = ({ scope, name }: Pick<Migration, 'scope' | 'name'>): string =>
  scope === 'tenant' ? name : `${scope}/${name}`;

/** The connection that a dynamic migration sees: the tenant's open transaction. */
export interface MigrationDb {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}
