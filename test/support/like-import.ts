import { expect } from '@jest/globals';
import type { Client } from 'pg';
import { loadConfig } from '../../src/config/load-config.js';
import { ident } from '../../src/postgres/identifiers.js';
import type { TestFleet } from './test-fleet.js';

/** What IMPORT FOREIGN SCHEMA decides about a table, as text that reads well in a failed comparison. */
const SHOWN = `
  SELECT c.relname AS name, s.srvname AS server,
         (SELECT array_agg(o ORDER BY o) FROM unnest(f.ftoptions) AS o) AS options,
         (SELECT array_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                   CASE WHEN a.attnotnull THEN 'NOT NULL' END,
                   CASE WHEN a.attcollation <> 0 THEN 'COLLATE ' || a.attcollation::regcollation END,
                   pg_get_expr(d.adbin, d.adrelid), nullif(a.attgenerated, ''), a.attfdwoptions) ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_foreign_server s ON s.oid = f.ftserver
   WHERE c.relnamespace = to_regnamespace($1) ORDER BY c.relname`;

/**
 * Asserts that every tenant's schema on the veneer is what IMPORT FOREIGN SCHEMA would make of the shard as it is
 * now: it imports into a scratch schema, compares, and rolls back. `except`: names of tables that others made.
 */
export async function assertLikeImport(fleet: TestFleet, except: readonly string[] = []): Promise<void> {
  const { shards } = await loadConfig({ cwd: fleet.dir, env: {} });
  const client = await fleet.connect('veneer');
  for (const { server, tenants } of shards) {
    for (const tenant of tenants) {
      await client.query('BEGIN; CREATE SCHEMA scratch');
      await client.query(
        `IMPORT FOREIGN SCHEMA ${ident(tenant.schema)} FROM SERVER ${ident(server.name)} INTO scratch`,
      );
      const imported = await shown(client, 'scratch');
      const present = await shown(client, ident(tenant.name));
      await client.query('ROLLBACK');
      expect(present.filter(({ name }) => !except.includes(name))).toEqual(imported);
    }
  }
  await client.end();
}

async function shown(client: Client, schema: string): Promise<{ readonly name: string }[]> {
  return (await client.query<{ name: string }>(SHOWN, [schema])).rows;
}
