import { Client } from 'pg';
import { ident, literal } from '../../src/postgres/identifiers.js';
import { createDatabase, createRole, urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { Secret } from '../../src/secret.js';
import { commandsOn, type Commands } from './commands.js';
import { freshFleet } from './fresh-fleet.js';
import type { TestFleet } from './test-fleet.js';
import type { TestServer } from './test-servers.js';

/** Tenants by the server that they are on. */
export type Placement = Readonly<Record<string, readonly string[]>>;

/** A fleet in which each tenant has a database, an admin role and an app role of its own. */
export interface DatabaseFleet extends TestFleet {
  readonly run: Commands;
  /** The name, on its server, of a tenant's database; its roles add `_admin` and `_app`. */
  readonly nameOf: (tenant: string) => string;
  /** One statement in a tenant's database, as a superuser. */
  readonly in: (tenant: string, sql: string) => Promise<Record<string, unknown>[]>;
  /** Makes the roles of one more tenant, and no database. */
  readonly enroll: (shard: string, tenant: string) => Promise<void>;
  /** Makes the database and the roles of one more tenant. */
  readonly house: (shard: string, tenant: string) => Promise<void>;
}

export const PASSWORD = 'of-a-tenant';

const shardYaml = ([name, tenants]: [string, readonly string[]]): string => `
  ${name}:
    url: \${${name.toUpperCase()}_URL}
    server: { host: "\${${name.toUpperCase()}_HOST}", port: "\${${name.toUpperCase()}_PORT}" }
    tenants: [${tenants.join(', ')}]`;

/** shards.yaml with these tenants; `rest` stands behind `roles`. */
export const databaseYaml = (fleet: string, placement: Placement, rest = ''): string => `fleet: ${fleet}
migrations: ./migrations
tenant: { database: "${fleet}_{tenant}", role: "${fleet}_{tenant}_admin" }
veneers:
  veneer: { url: "\${VENEER_URL}" }
shards:${Object.entries(placement).map(shardYaml).join('')}
roles:
  veneer_admin: { user: "${fleet}_{tenant}_admin", password: ${PASSWORD} }
  veneer_app:
    user: "${fleet}_{tenant}_app"
    password: ${PASSWORD}
    grant: [select, insert, update, delete]
${rest}`;

/** Databases and roles are there, as `tenant add` or an administrator leaves them; nothing is set up yet. */
export async function databaseFleet(placement: Placement, rest = ''): Promise<DatabaseFleet> {
  const fleet = await freshFleet({ config: (name) => databaseYaml(name, placement, rest) });
  const places = new Map<string, TestServer>();
  const nameOf = (tenant: string): string => `${fleet.name}_${tenant}`;
  const enroll = async (shard: string, tenant: string): Promise<void> => {
    const server = fleet.servers.find(({ name }) => name === shard)!;
    places.set(tenant, server);
    await makeRoles(server, nameOf(tenant));
  };
  const house = async (shard: string, tenant: string): Promise<void> => {
    await enroll(shard, tenant);
    await makeDatabase(places.get(tenant)!, nameOf(tenant));
  };
  for (const [shard, tenants] of Object.entries(placement))
    for (const tenant of tenants) await house(shard, tenant);
  const close = async (): Promise<void> => {
    for (const [tenant, server] of places) await remove(server, nameOf(tenant));
    await fleet.close();
  };
  const inside: DatabaseFleet['in'] = async (tenant, sql) => {
    const url = places.get(tenant)!.superuserUrl.reveal();
    const client = new Client({ connectionString: urlWith(url, { database: nameOf(tenant) }) });
    await client.connect();
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  return { ...fleet, run: commandsOn(fleet), nameOf, enroll, house, in: inside, close };
}

/** The runner logs in as bookstore_admin, and is a member of the tenant's admin role. */
const makeRoles = (server: TestServer, name: string): Promise<void> =>
  withSuperuser(server, 'postgres', async (session) => {
    for (const who of ['admin', 'app'])
      await createRole(session, { name: `${name}_${who}`, password: new Secret(PASSWORD) });
    await session.run(`GRANT ${ident(`${name}_admin`)} TO bookstore_admin`);
  });

const makeDatabase = (server: TestServer, name: string): Promise<void> =>
  withSuperuser(server, 'postgres', (session) => createDatabase(session, { name, owner: `${name}_admin` }));

/** Also where a test left transactions prepared, or there is no database any more. */
async function remove(server: TestServer, name: string): Promise<void> {
  const isThere = await withSuperuser(server, 'postgres', (session) =>
    session.query('SELECT FROM pg_database WHERE datname = $1', [name]),
  );
  if (isThere.length > 0)
    await withSuperuser(server, name, async (session) => {
      const prepared = 'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()';
      for (const { gid } of await session.query<{ gid: string }>(prepared))
        await session.run(`ROLLBACK PREPARED ${literal(gid)}`);
    });
  await withSuperuser(server, 'postgres', async (session) => {
    if (isThere.length > 0) await session.run(`DROP DATABASE ${ident(name)} WITH (FORCE)`);
    for (const who of ['admin', 'app']) await session.run(`DROP ROLE ${ident(`${name}_${who}`)}`);
  });
}
