import { expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

/** Catalogs of which a step looks single rows up. */
const CATALOGS = `'pg_class', 'pg_type', 'pg_attribute', 'pg_depend', 'pg_foreign_table', 'pg_constraint'`;

/** How many of their rows were read on a veneer; sessions tell it when they end. */
async function rowsRead(fleet: TestFleet): Promise<number> {
  const [row] = await fleet.query(
    'veneer',
    `SELECT sum(seq_tup_read + idx_tup_fetch)::float8 AS n FROM pg_stat_sys_tables WHERE relname IN (${CATALOGS})`,
  );
  return Number(row?.['n']);
}

const MIGRATIONS = [
  `CREATE TYPE mood AS ENUM ('sad', 'happy'); CREATE TABLE books (id int PRIMARY KEY, title text, mood mood)`,
  'ALTER TABLE books ADD COLUMN pages int DEFAULT 0',
  `ALTER TYPE mood ADD VALUE 'ok'`,
  'ALTER TABLE books ALTER COLUMN pages TYPE bigint',
  'ALTER TABLE books RENAME COLUMN title TO name',
];

/** Rows read on the veneer per tenant, by a run that takes so many tenants one after the other through all migrations. */
async function rowsPerTenant(tenants: number): Promise<number> {
  const names = Array.from({ length: tenants }, (_, index) => `t${index}`).join(', ');
  const fleet = await freshFleet({
    config: (name) => `fleet: ${name}
migrations: ./migrations
veneers:
  veneer: { url: "\${VENEER_URL}" }
shards:
  shard1:
    url: \${SHARD1_URL}
    server: { name: shard1_server, host: "\${SHARD1_HOST}", port: "\${SHARD1_PORT}" }
    tenants: [${names}]
rollout: { batch: 1 }
`,
  });
  try {
    const run = commandsOn(fleet);
    expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
    for (const [index, sql] of MIGRATIONS.entries()) await fleet.writeMigration(`${index + 1}_it.sql`, sql);
    const before = await rowsRead(fleet);
    expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
    return ((await rowsRead(fleet)) - before) / tenants;
  } finally {
    await fleet.close();
  }
}

test('a step looks up what it touches, however many tables the veneer has by then', async () => {
  const few = await rowsPerTenant(5);
  const many = await rowsPerTenant(50);
  // Of some six hundred; one catalog read whole, once a step, would be tens of thousands.
  expect(few).toBeLessThan(2000);
  expect(many).toBeLessThan(1.5 * few);
});
