// Sends what a run of `migrate up` sent, and nothing else: the limit that servers and network set. Plain JavaScript, so
// that no compiler is timed with it. Usage: node replay.js RECIPE.json
import { readFileSync } from 'node:fs';
import pg from 'pg';

const { veneer, lanes, atOnce } = JSON.parse(readFileSync(process.argv[2], 'utf8'));

async function open(url) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function lane({ url, steps }, index) {
  const [shard, shown] = await Promise.all([open(url), open(veneer)]);
  for (const [number, step] of steps.entries()) await both(shard, shown, step, `replay-${index}-${number}`);
  await Promise.all([shard.end(), shown.end()]);
}

async function both(shard, shown, { onShard, onVeneer }, gid) {
  await shard.query(`BEGIN;\n${onShard}`);
  if (onVeneer === '') {
    await shard.query('COMMIT');
    return;
  }
  await shown.query(`BEGIN;\n${onVeneer}`);
  await Promise.all([shard, shown].map((client) => client.query(`PREPARE TRANSACTION '${gid}'`)));
  await shard.query(`COMMIT PREPARED '${gid}'`);
  await shown.query(`COMMIT PREPARED '${gid}'`);
}

// All of them take from the same list.
const waiting = lanes.entries();
const next = async () => {
  for (const [index, one] of waiting) await lane(one, index);
};
await Promise.all(Array.from({ length: atOnce }, next));
