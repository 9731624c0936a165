import { expect } from '@jest/globals';
import type { Client } from 'pg';
import { loadConfig } from '../../src/config/load/load-config.js';
import type { ShardConfig } from '../../src/config/config.js';
import { ident } from '../../src/postgres/identifiers.js';
import type { TestFleet } from './test-fleet.js';

/** What IMPORT FOREIGN SCHEMA decides about a table; a column as text that reads well in a failed comparison. */
const SHOWN = `
  SELECT c.relname AS name, s.srvname AS server,
         (SELECT array_agg(o ORDER BY o) FROM unnest(f.ftoptions) AS o) AS options,
         (SELECT json_agg(json_build_object('name', a.attname, 'notNull', a.attnotnull,
                   'is', concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod),
                     CASE WHEN a.attcollation <> 0 THEN 'COLLATE ' || a.attcollation::regcollation END,
                     CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
                     nullif(a.attgenerated, ''), a.attfdwoptions),
                   'default', CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END)
                   ORDER BY a.attnum)
            FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_foreign_table f JOIN pg_class c ON c.oid = f.ftrelid JOIN pg_foreign_server s ON s.oid = f.ftserver
   WHERE c.relnamespace = to_regnamespace($1) ORDER BY c.relname COLLATE "C"`;

interface ShownTable {
  readonly name: string;
  readonly server: string;
  readonly options: readonly string[];
  readonly columns: readonly ShownColumn[] | null;
}

interface ShownColumn {
  readonly name: string;
  readonly notNull: boolean;
  readonly is: string;
  readonly default: string | null;
}

/** On the shard: defaults, and NOT NULL that is not validated (docs/adr/0007), by table and column. */
const ON_SHARD = `
  SELECT json_build_array(c.relname, a.attname)::text AS key, pg_get_expr(d.adbin, d.adrelid) AS default,
         EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'n' AND NOT k.convalidated
                    AND a.attnum = ANY (k.conkey)) AS "notValid"
    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum AND a.attgenerated = ''
   WHERE c.relnamespace = to_regnamespace($1) AND a.attnum > 0 AND NOT a.attisdropped`;

type OnShard = ReadonlyMap<string, { readonly default: string | null; readonly notValid: boolean }>;

/**
 * Asserts that every tenant's schema on the veneer is what IMPORT FOREIGN SCHEMA would make of the shard as it is
 * now, but for the safe defaults and what is not known to be NOT NULL: it imports into a scratch schema, compares,
 * and rolls back. `except`: names of tables that others made.
 */
export async function assertLikeImport(fleet: TestFleet, except: readonly string[] = []): Promise<void> {
  const { shards } = await loadConfig({ cwd: fleet.dir, env: {} });
  const veneer = await pinned(fleet, 'veneer');
  for (const shard of shards) await assertShard(fleet, veneer, shard, except);
  await veneer.end();
}

async function pinned(fleet: TestFleet, member: string): Promise<Client> {
  const client = await fleet.connect(member);
  await client.query("SET search_path = pg_catalog; SET datestyle = 'ISO, MDY'; SET timezone = 'UTC'");
  return client;
}

async function assertShard(
  fleet: TestFleet,
  veneer: Client,
  { name, server, tenants }: ShardConfig,
  except: readonly string[],
): Promise<void> {
  const shard = await pinned(fleet, name);
  for (const tenant of tenants) {
    await veneer.query('BEGIN; CREATE SCHEMA scratch');
    await veneer.query(
      `IMPORT FOREIGN SCHEMA ${ident(tenant.schema)} FROM SERVER ${ident(server.name)} INTO scratch`,
    );
    const imported = await shown(veneer, 'scratch');
    const present = await shown(veneer, ident(tenant.name));
    await veneer.query('ROLLBACK');
    const rows = await shard.query<{ key: string; default: string | null; notValid: boolean }>(ON_SHARD, [
      ident(tenant.schema),
    ]);
    const onShard: OnShard = new Map(rows.rows.map((row) => [row.key, row]));
    const ours = present.filter((table) => !except.includes(table.name));
    expect(ours.map((table) => told(table, onShard))).toEqual(
      imported.map((table) => mapped(table, onShard)),
    );
  }
  await shard.end();
}

async function shown(client: Client, schema: string): Promise<readonly ShownTable[]> {
  return (await client.query<ShownTable & Record<string, unknown>>(SHOWN, [schema])).rows;
}

const keyOf = (table: ShownTable, column: ShownColumn): string =>
  `[${JSON.stringify(table.name)}, ${JSON.stringify(column.name)}]`;

/** Defaults that every veneer has to have, said in another way than the code under test says it. */
const SURELY_SAFE = /^(-?[\d.]+|true|false|now\(\)|CURRENT_(DATE|TIME\w*)|clock_timestamp\(\)|gen_random_uuid\(\)|'[\w -]*'::(text|integer|jsonb|date|character varying))$/; // prettier-ignore
const NEVER_SAFE = /nextval|current_user|user|\./i;

/** What stands there: a default that is not the shard's is shown, and so is one that is missing. */
function told(table: ShownTable, onShard: OnShard): unknown {
  return {
    ...table,
    columns: table.columns?.map((column) => {
      const of = onShard.get(keyOf(table, column));
      const copied = column.default !== null && column.default === of?.default && !NEVER_SAFE.test(of.default.replace(/'[^']*'|[\d.]+/g, '')); // prettier-ignore
      const missing = column.default === null && SURELY_SAFE.test(of?.default ?? '');
      return text(column.is, column.notNull, copied ? null : column.default, missing ? of?.default : null);
    }),
  };
}

const mapped = (table: ShownTable, onShard: OnShard): unknown => ({
  ...table,
  columns: table.columns?.map((column) =>
    text(column.is, column.notNull && onShard.get(keyOf(table, column))?.notValid !== true, null, null),
  ),
});

const text = (
  is: string,
  notNull: boolean,
  other: string | null,
  missing: string | null | undefined,
): string =>
  [
    is,
    notNull ? 'NOT NULL' : '',
    other === null ? '' : `DEFAULT ${other}`,
    missing ? `WITHOUT ${missing}` : '',
  ]
    .filter((part) => part !== '')
    .join(' ');
