// Has PostgreSQL import every tenant's schema into pg_temp, and rolls that back; the shards side by side.
// Usage: node import.js FACTS.json
import { readFileSync } from 'node:fs';
import pg from 'pg';

const { veneer, shards } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

async function lane({ server, tenants }) {
  const client = new pg.Client({ connectionString: veneer });
  await client.connect();
  for (const tenant of tenants)
    await client.query(
      `BEGIN; IMPORT FOREIGN SCHEMA "${tenant}" FROM SERVER "${server}" INTO pg_temp; ROLLBACK`,
    );
  await client.end();
}

await Promise.all(shards.map(lane));
