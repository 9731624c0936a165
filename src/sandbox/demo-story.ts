import type { Env } from './bookstore-fleet.js';
import { urlWith } from './databases.js';
import { expect, type Connection, type DemoShell } from './demo-shell.js';

/** A tenant, and where it lives. */
interface Home {
  readonly tenant: string;
  readonly shard: string;
}

/** The demo's story, from four empty servers to a drift repaired. Throws at the first thing that is not as expected. */
export async function tellStory(shell: DemoShell, env: Env): Promise<void> {
  const app = appOnVeneer(env);
  await setUpAndMigrate(shell);
  const homes = await askForHomes(shell, app);
  await readThroughVeneer(shell, app, homes);
  await driftAndRepair(shell, app, { env, homes });
}

async function setUpAndMigrate(shell: DemoShell): Promise<void> {
  shell.say('Servers, user mappings, schemas, grants and state, on the veneer and on every shard.');
  await shell.migrate(['setup'], 0);
  shell.say('Every migration: one transaction per shard over its tenants, the veneer in the same step.');
  await shell.migrate(['up'], 0);
}

/** Those of shards.yaml, to which somebody may have added some. */
async function askForHomes(shell: DemoShell, app: Connection): Promise<readonly Home[]> {
  shell.say('The application has one connection, to the veneer, which tells where each tenant lives.');
  const rows = await shell.query(app, 'SELECT tenant, shard FROM pgveneer.tenants ORDER BY shard, tenant');
  return rows.map(({ tenant, shard }) => ({ tenant: String(tenant), shard: String(shard) }));
}

async function readThroughVeneer(shell: DemoShell, app: Connection, homes: readonly Home[]): Promise<void> {
  shell.say('It sees the tables of all of them there.');
  for (const { tenant } of homes) {
    const sql = `SELECT a.last_name, b.title FROM ${joined(tenant)} WHERE a.last_name = 'Le Guin' ORDER BY b.title`;
    expect((await shell.query(app, sql)).length > 0, `books of ${tenant}`);
  }
  shell.say('A join within one tenant runs on its shard: one Foreign Scan, and the JOIN in its Remote SQL.');
  const plan = await shell.query(
    app,
    `EXPLAIN (VERBOSE, COSTS OFF) SELECT a.last_name, b.title FROM ${joined('cyberdyne')} WHERE a.last_name = 'Le Guin'`,
  );
  const lines = plan.map((row) => String(row['QUERY PLAN']));
  expect(lines.filter((line) => line.includes('Foreign Scan')).length === 1, 'one Foreign Scan');
  expect(
    lines.some((line) => /Remote SQL:.* JOIN /.test(line)),
    'a join in the Remote SQL',
  );
  shell.say('Migrations are applied once: there is nothing left to do.');
  await shell.migrate(['up'], 0);
}

async function driftAndRepair(
  shell: DemoShell,
  app: Connection,
  { env, homes }: { readonly env: Env; readonly homes: readonly Home[] },
): Promise<void> {
  shell.say('Somebody adds a column by hand, on the shards alone.');
  for (const { tenant, shard } of homes) {
    const admin = { prompt: `${shard} as bookstore_admin`, url: env[`${shard.toUpperCase()}_URL`] ?? '' };
    await shell.query(admin, `ALTER TABLE ${tenant}.books ADD COLUMN isbn text`);
  }
  shell.say('status compares what the veneer shows with what the shards are: exit code 11 is drift.');
  await shell.migrate(['status'], 11);
  shell.say('sync makes the veneer equal to the shards again, in place: views and grants stay.');
  await shell.migrate(['sync'], 0);
  const rows = await shell.query(app, 'SELECT title, isbn FROM cyberdyne.books ORDER BY title LIMIT 1');
  expect(rows[0] !== undefined && 'isbn' in rows[0], 'the new column');
  shell.say('And all is well.');
  await shell.migrate(['status'], 0);
}

const joined = (tenant: string): string => `${tenant}.books b JOIN ${tenant}.authors a ON a.id = b.author_id`;

function appOnVeneer(env: Env): Connection {
  const url = urlWith(env.VENEER_URL ?? '', { user: 'veneer_app', password: env.VENEER_APP_PASSWORD ?? '' });
  return { prompt: 'veneer as veneer_app', url };
}
