// The least that a command over a fleet does: it imports pg, and asks every member something.
// Usage: node connect.js FACTS.json
import { readFileSync } from 'node:fs';
import pg from 'pg';

const { urls } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

async function ask(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('SELECT 1');
  await client.end();
}

await Promise.all(urls.map(ask));
