// What teams write today, at its best: node-pg-migrate for each tenant, the shards side by side, and right after each
// tenant its foreign tables dropped and imported again. By its API, or by its command line, a process per tenant.
// Usage: node loop.js FACTS.json
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { runner } from 'node-pg-migrate';
import pg from 'pg';

const { by, veneer, dir, shards } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const CLI = fileURLToPath(new URL('../../node_modules/.bin/node-pg-migrate', import.meta.url));
const run = promisify(execFile);

async function open(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

const byApi = (client, tenant) =>
  runner({
    dbClient: client,
    dir,
    direction: 'up',
    count: Number.POSITIVE_INFINITY,
    schema: tenant,
    migrationsTable: 'pgmigrations',
    noLock: true,
    log: () => undefined,
  });

const byCli = (url, tenant) =>
  run(CLI, ['up', '-m', dir, '-s', tenant, '--migrations-schema', tenant, '--no-lock'], {
    env: { PATH: process.env.PATH, DATABASE_URL: url },
  });

async function reimport(client, tenant, server) {
  const { rows } = await client.query(
    'SELECT foreign_table_name AS name FROM information_schema.foreign_tables WHERE foreign_table_schema = $1',
    [tenant],
  );
  await client.query('BEGIN');
  for (const { name } of rows) await client.query(`DROP FOREIGN TABLE "${tenant}"."${name}"`);
  await client.query(`DROP TYPE IF EXISTS "${tenant}".status`);
  await client.query(`CREATE TYPE "${tenant}".status AS ENUM ('open', 'paid', 'sent')`);
  await client.query(
    `IMPORT FOREIGN SCHEMA "${tenant}" EXCEPT (pgmigrations) FROM SERVER "${server}" INTO "${tenant}"`,
  );
  await client.query('COMMIT');
}

async function lane({ url, server, tenants }) {
  const [client, shown] = await Promise.all([open(url), open(veneer)]);
  for (const tenant of tenants) {
    await (by === 'cli' ? byCli(url, tenant) : byApi(client, tenant));
    await reimport(shown, tenant, server);
  }
  await Promise.all([client.end(), shown.end()]);
}

await Promise.all(shards.map(lane));
