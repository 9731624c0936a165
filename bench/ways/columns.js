// What a drift check has to read at the least: the columns of all tables, one query per member, side by side.
// Usage: node columns.js FACTS.json
import { readFileSync } from 'node:fs';
import pg from 'pg';

const { veneer, shards } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const COLUMNS = `
  SELECT n.nspname, c.relname, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attcollation,
         a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid), a.attfdwoptions, f.ftoptions
    FROM pg_namespace n
    JOIN pg_class c ON c.relnamespace = n.oid
    JOIN pg_attribute a ON a.attrelid = c.oid
    LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
   WHERE n.nspname = ANY ($1) AND c.relkind = $2 AND a.attnum > 0 AND NOT a.attisdropped`;

async function read(url, tenants, kind) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query({ text: COLUMNS, values: [tenants, kind], rowMode: 'array' });
  await client.end();
  return rows.length;
}

const all = shards.flatMap(({ tenants }) => tenants);
const counts = await Promise.all([
  read(veneer, all, 'f'),
  ...shards.map(({ url, tenants }) => read(url, tenants, 'r')),
]);
const [shown, ...stored] = counts;
if (shown === 0 || shown !== stored.reduce((sum, count) => sum + count, 0))
  throw new Error(`read ${counts.join()}`);
