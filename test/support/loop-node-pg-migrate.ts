import { runner } from 'node-pg-migrate';
import type { TestFleet } from './test-fleet.js';

export const TENANTS_BY_SHARD: Readonly<Record<string, readonly string[]>> = {
  shard1: ['bluth_co'],
  shard2: ['cyberdyne', 'dunder_mifflin'],
  shard3: ['initech'],
};

/** What a project does that has no other tool than node-pg-migrate: it runs it for one tenant after the other. */
export async function loopNodePgMigrate(
  fleet: TestFleet,
  {
    count = Infinity,
    direction = 'up',
  }: { readonly count?: number; readonly direction?: 'up' | 'down' } = {},
): Promise<string[]> {
  const ran: string[] = [];
  for (const [shard, tenants] of Object.entries(TENANTS_BY_SHARD)) {
    for (const schema of tenants) {
      const done = await runner({
        databaseUrl: fleet.urlOf(shard),
        dir: `${fleet.dir}/migrations`,
        schema,
        createSchema: true,
        migrationsTable: 'pgmigrations',
        direction,
        count,
        log: () => undefined,
      });
      ran.push(...done.map(({ name }) => `${schema} ${name}`));
    }
  }
  return ran;
}
