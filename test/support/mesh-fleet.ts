import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { commandsOn, type Commands } from './commands.js';
import { freshFleet } from './fresh-fleet.js';
import type { TestFleet } from './test-fleet.js';

/** Regions that are shard and veneer for each other, by the server that each is on. */
export const REGIONS = { usa: 'shard1', gbr: 'shard2', aus: 'shard3' } as const;

export type Region = keyof typeof REGIONS;

export const regionNames = Object.keys(REGIONS) as readonly Region[];

export interface MeshFleet extends TestFleet {
  readonly run: Commands;
  /** One statement in a region's database, as its owner. */
  in: (region: Region, sql: string) => Promise<Record<string, unknown>[]>;
  /** The same statement in every region. */
  everywhere: (sql: string) => Promise<Record<string, unknown>[][]>;
}

const region = (name: Region, server: string): string =>
  `  ${name}: { url: "\${${server.toUpperCase()}_URL}", server: { host: "\${${server.toUpperCase()}_HOST}", port: "\${${server.toUpperCase()}_PORT}" }, tenants: [${name}] }\n`;

/** What stands behind `roles` in shards.yaml: expose rules, rollout. */
const meshYaml = (fleet: string, rest: string): string => `fleet: ${fleet}
migrations: ./migrations
veneers: { usa: {}, gbr: {}, aus: {} }
shards:
${Object.entries(REGIONS)
  .map(([name, server]) => region(name as Region, server))
  .join('')}
roles:
  bookstore_admin: { user: bookstore_admin, password: "\${ADMIN_PASSWORD_{shard}}" }
  bookstore_app:
    user: bookstore_app
    password: "\${APP_PASSWORD_{shard}}"
    grant: [select, insert, update, delete]
${rest}`;

/** Each region's `identity_details` is a partition in all of them; its `shared.identity` is shown under its name. */
export const REGION_RULES = `expose:
  - from: "{tenant}.identity_details"
    partition_of: shared.identity_details
    bounds: IN ({tenant})
  - from: shared.identity
    as: "{shard}.identity"
rollout: { atomic: fleet }
`;

/** A mesh of three regions, each a database on a server of its own, that may create servers. */
export async function meshFleet(rest = ''): Promise<MeshFleet> {
  const fleet = await freshFleet({ config: (name) => meshYaml(name, rest) });
  const passwords = Object.entries(REGIONS).flatMap(([name, server]) =>
    ['ADMIN', 'APP'].map((who) => [
      `${who}_PASSWORD_${name.toUpperCase()}`,
      fleet.env[`${who}_PASSWORD_${server.toUpperCase()}`] ?? '',
    ]),
  );
  const variables = [...Object.entries(fleet.env), ...passwords];
  await writeFile(join(fleet.dir, '.env'), variables.map(([key, value]) => `${key}=${value}\n`).join(''));
  for (const server of Object.values(REGIONS)) {
    const rights =
      'CREATE EXTENSION IF NOT EXISTS postgres_fdw; GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO bookstore_admin';
    await fleet.query(server, rights, 'superuser');
  }
  const inRegion: MeshFleet['in'] = (name, sql) => fleet.query(REGIONS[name], sql);
  return {
    ...fleet,
    run: commandsOn(fleet),
    in: inRegion,
    everywhere: (sql) => Promise.all(regionNames.map((name) => inRegion(name, sql))),
  };
}
