import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ident } from '../../src/postgres/identifiers.js';
import { createDatabase, createRole, urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { Secret } from '../../src/secret.js';
import { commandsOn } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';

/** Enough that opening all of them shows; TEST_DATABASES=120 takes minutes, and shows the same. */
const COUNT = Number(process.env['TEST_DATABASES'] ?? 40);

const TENANTS = Array.from({ length: COUNT }, (_, index) => `t${index + 1}`);

/**
 * While tenants are gone through, the first database's anchor and, for each of two lanes, an anchor and a session; while
 * they are read, two; two of postgres_fdw for statistics; and some that have ended and are not gone yet.
 */
const CONNECTIONS = 10;

/** Each database is made, and opened a dozen times: minutes, on a machine that does other things as well. */
const PATIENCE_MS = 30 * 60_000;

let fleet: TestFleet;
const runner = (): string => `${fleet.name}_runner`;

const yaml = (name: string): string => `fleet: ${name}
tenant: { database: "${name}_{tenant}", schema: public }
veneers: { veneer: { url: "\${VENEER_URL}" } }
shards:
  shard1:
    url: \${RUNNER_URL}
    server: { host: "\${SHARD1_HOST}", port: "\${SHARD1_PORT}" }
    tenants: [${TENANTS.join(', ')}]
roles:
  veneer_admin: { user: ${name}_runner, password: pw }
expose: [{ from: public.entities, as: "entities.{tenant}" }]
rollout: { concurrency: 2 }
`;

const onServer = <T>(work: Parameters<typeof withSuperuser<T>>[2]): Promise<T> =>
  withSuperuser(
    fleet.servers.find(({ name }) => name === 'shard1')!,
    'postgres',
    work,
  );

beforeEach(async () => {
  fleet = await freshFleet({ config: yaml });
  const url = urlWith(fleet.urlOf('shard1'), { user: runner(), password: 'pw' });
  await fleet.writeConfig((await fleet.readConfig()).replace('${RUNNER_URL}', url));
  await onServer(async (session) => {
    await createRole(session, { name: runner(), password: new Secret('pw') });
    for (const tenant of TENANTS)
      await createDatabase(session, { name: `${fleet.name}_${tenant}`, owner: runner() });
    await session.run(`ALTER ROLE ${ident(runner())} CONNECTION LIMIT ${CONNECTIONS}`);
  });
}, PATIENCE_MS);

afterEach(async () => {
  await onServer(async (session) => {
    for (const tenant of TENANTS)
      await session.run(`DROP DATABASE ${ident(`${fleet.name}_${tenant}`)} WITH (FORCE)`);
    await session.run(`DROP ROLE ${ident(runner())}`);
  });
  await fleet.close();
}, PATIENCE_MS);

test(
  `${COUNT} databases of one server are opened when they are needed, with a bounded number of connections`,
  async () => {
    const run = commandsOn(fleet);
    await fleet.writeMigration(
      '0001_entities.sql',
      'CREATE TABLE entities (id int PRIMARY KEY);\n-- Down Migration\nDROP TABLE entities;',
    );
    // The server refuses each connection beyond the limit.
    expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
    const report = await run.up();
    expect(report).toMatchObject({ problems: [], exitCode: 0 });
    expect(report.shards).toHaveLength(TENANTS.length);
    expect(await run.status({ verify: true })).toMatchObject({ problems: [], drift: [], exitCode: 0 });
    await fleet.query('veneer', 'DROP FOREIGN TABLE entities.t37');
    expect(await run.sync()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await run.down({ tenants: ['t1', `t${COUNT}`] })).toMatchObject({ problems: [], exitCode: 0 });
  },
  PATIENCE_MS,
);
