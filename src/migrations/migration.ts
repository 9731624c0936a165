/** A migration as loaded and compiled; its name is its file's, without ending: `20260101000000_authors`. */
export interface Migration {
  readonly name: string;
  /** Path for messages, relative to the project: `migrations/20260101000000_authors.sql`. */
  readonly file: string;
  /** sha256 (hex) of the file's text with line endings and trailing blanks normalised. */
  readonly checksum: string;
  readonly body: MigrationBody;
  /** What was noticed while loading: a BEGIN … COMMIT pair that was dropped, for instance. */
  readonly notices: readonly string[];
}

/**
 * What the migration runs for one tenant. `static`: compiled once, the same for all tenants. `dynamic`: its
 * action asks the database (`pgm.db`), so it is built per tenant, inside the tenant's open transaction.
 */
export type MigrationBody =
  | { readonly kind: 'static'; readonly statements: readonly Statement[] }
  | { readonly kind: 'dynamic'; readonly build: (db: MigrationDb) => Promise<readonly Statement[]> };

/** One SQL statement without its semicolon. */
export interface Statement {
  readonly sql: string;
  /** Line (1-based) of the file where `sql` begins; null where a builder made it. */
  readonly line: number | null;
  /** Column (1-based, in characters) where `sql` begins on that line; left out: 1. */
  readonly column?: number;
}

/** Which half of a migration is meant. */
export type Direction = 'up' | 'down';

/** The connection that a dynamic migration sees: the tenant's open transaction. */
export interface MigrationDb {
  query(
    text: string,
    values?: readonly unknown[],
  ): Promise<{ rows: Record<string, unknown>[]; rowCount: number | null }>;
}
