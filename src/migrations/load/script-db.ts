import { EventEmitter, once } from 'node:events';
import type { MigrationBuilder } from 'node-pg-migrate';
import { EXIT, VeneerError } from '../../errors.js';
import type { Target } from '../../target.js';
import { transactionCommandIn } from './compile-sql.js';
import type { MigrationDb } from '../migration.js';

/** The connection that node-pg-migrate's builder wants. */
export type BuilderDb = ConstructorParameters<typeof MigrationBuilder>[0];

/** A stand-in for the database while a migration is compiled. */
export interface AskedDb {
  readonly db: BuilderDb;
  /** Whom it runs for: nobody yet, so that every name asks. */
  readonly target: Target;
  /** Resolves when the migration first asks. */
  readonly asked: Promise<void>;
  /** Has it asked? */
  readonly wasAsked: () => boolean;
}

/**
 * A database that never answers: whatever a migration would do with the answer stays undone, its `catch` and
 * `finally` included, so that the action can run again from the start with a real one.
 */
export function askedDb(): AskedDb {
  const questions = new EventEmitter();
  let told = false;
  const asked = once(questions, 'asked').then(() => undefined);
  const ask = (): Promise<never> => {
    told = true;
    questions.emit('asked');
    return new Promise<never>(() => {});
  };
  return {
    db: { query: ask, select: ask },
    target: unknownTarget(() => void ask()),
    asked,
    wasAsked: () => told,
  };
}

/** Not to be waited for like a query: whoever reads a name is thrown out, and its `catch` builds for nobody. */
function unknownTarget(ask: () => void): Target {
  const refuse = (): never => {
    ask();
    throw new Error('whom the migration runs for is known only when it runs');
  };
  return {
    get scope() {
      return refuse();
    },
    get tenant() {
      return refuse();
    },
    get schema() {
      return refuse();
    },
    get shard() {
      return refuse();
    },
    get veneer() {
      return refuse();
    },
  };
}

/** The tenant's open transaction as `pgm.db`, and whether an error came from it. */
export interface TenantDb {
  readonly db: BuilderDb;
  readonly threw: (error: unknown) => boolean;
}

/** Wraps the tenant's open transaction for a migration; queries that would end the transaction are refused. */
export function tenantDb(db: MigrationDb, file: string): TenantDb {
  const thrown = new Set<unknown>();
  const query = async (config: QueryInput, values?: readonly unknown[]): ReturnType<MigrationDb['query']> => {
    const { text, values: own } = queryOf(config, file);
    await refuseTransactionCommand(text, file);
    return db.query(text, values ?? own).catch((error: unknown) => {
      thrown.add(error);
      throw error;
    });
  };
  const select = async (config: QueryInput, values?: readonly unknown[]): Promise<unknown[]> =>
    (await query(config, values)).rows;
  // The builder's overloads cannot be written as one function's type; every input of theirs is handled above.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return { db: { query, select } as unknown as BuilderDb, threw: (error) => thrown.has(error) };
}

type QueryInput =
  string | { readonly text: string; readonly values?: readonly unknown[]; readonly rowMode?: string };

function queryOf(config: QueryInput, file: string): { text: string; values: readonly unknown[] | undefined } {
  if (typeof config === 'string') return { text: config, values: undefined };
  if (config.rowMode === undefined) return { text: config.text, values: config.values };
  throw new VeneerError('pgm.db with rowMode is not built yet', {
    exitCode: EXIT.failed,
    where: { file },
    hint: 'leave rowMode out: rows are objects',
  });
}

async function refuseTransactionCommand(text: string, file: string): Promise<void> {
  const command = await transactionCommandIn(text);
  if (command === null) return;
  throw new VeneerError(`pgm.db was given ${command}: a migration may not begin or end a transaction`, {
    exitCode: EXIT.failed,
    where: { file },
    hint: 'remove the query; a migration runs inside one transaction with all tenants of its shard',
  });
}
