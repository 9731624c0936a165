// What a tenant's schema needs at the least: all migrations in one transaction on the shard, and an import on the veneer.
// Usage: node add.js FACTS.json
import { readFileSync } from 'node:fs';
import pg from 'pg';

const { shard, veneer, server, tenant, sql } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

async function run(url, text) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`BEGIN; ${text} COMMIT`);
  await client.end();
}

await run(shard, `CREATE SCHEMA "${tenant}"; SET LOCAL search_path TO "${tenant}"; ${sql}`);
await run(
  veneer,
  `CREATE SCHEMA "${tenant}"; IMPORT FOREIGN SCHEMA "${tenant}" FROM SERVER "${server}" INTO "${tenant}";`,
);
