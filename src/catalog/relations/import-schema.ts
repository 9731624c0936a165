import { ident, literal, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import { readForeignTables } from './read-foreign-tables.js';
import type { ForeignTable } from './relation.js';

/** What IMPORT FOREIGN SCHEMA is asked for. */
export interface ImportRequest {
  readonly server: string;
  /** The schema on the shard. */
  readonly schema: string;
  readonly relations: readonly string[];
  /** The foreign tables that should show them. */
  readonly shown: readonly QualifiedName[];
  /** Milliseconds after which it is given up: on the shard it waits for whoever changes a table there. */
  readonly timeoutMs: number;
}

/** What PostgreSQL itself makes of relations, beside the foreign tables that stand there. */
export interface Imported {
  readonly imported: readonly ForeignTable[];
  readonly present: readonly ForeignTable[];
}

/**
 * Runs IMPORT FOREIGN SCHEMA into pg_temp and rolls it back: nothing of it is left, and nobody else sees it. It needs
 * TEMP on the database, USAGE on the server and a user mapping; and a transaction that may write, which temporary
 * tables need as well.
 */
export async function importForeignSchema(session: Session, request: ImportRequest): Promise<Imported> {
  const { server, schema, relations, shown, timeoutMs } = request;
  await session.run(`BEGIN READ WRITE; SET LOCAL statement_timeout = ${literal(String(timeoutMs))}`);
  try {
    await session.run(
      `IMPORT FOREIGN SCHEMA ${ident(schema)} LIMIT TO (${relations.map(ident).join(', ')}) FROM SERVER ${ident(server)} INTO pg_temp`,
    );
    const rows = await session.query<{ temporary: string }>(
      'SELECT nspname::text AS temporary FROM pg_namespace WHERE oid = pg_my_temp_schema()',
    );
    const temporary = rows[0]?.temporary ?? '';
    const made = relations.map((name): QualifiedName => ({ schema: temporary, name }));
    const tables = await readForeignTables(session, [server], [...made, ...shown]);
    const isTemporary = (table: ForeignTable): boolean => table.schema === temporary;
    return {
      imported: tables.filter(isTemporary),
      present: tables.filter((table) => !isTemporary(table)),
    };
  } finally {
    await rollbackQuietly(session);
  }
}
