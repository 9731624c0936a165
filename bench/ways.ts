import { runner } from 'node-pg-migrate';
import type { Client } from 'pg';
import { ident } from '../src/postgres/identifiers.js';
import { sqlstateOf } from '../src/postgres/sqlstate.js';
import type { Progress } from '../src/report/progress.js';
import { commandsOn } from '../test/support/commands.js';
import type { TestFleet } from '../test/support/test-fleet.js';
import { TENANTS, type TrafficTenant } from '../test/support/traffic-schema.js';
import type { Traffic } from '../test/support/traffic.js';

/** A way to bring a release to a fleet. */
export interface Way {
  readonly title: string;
  /** Applies what is pending in the project's folder, everywhere. Answers how often something had to be tried again. */
  release(fleet: TestFleet, traffic: Traffic | null): Promise<number>;
}

/** `migrate up`, in this process. */
export function byPgVeneer(protocol: 'two-phase' | 'lock-step'): Way {
  return {
    title: `pg-veneer, ${protocol}`,
    async release(fleet, traffic) {
      const onProgress = (event: Progress): void => {
        if (event.type === 'step' && event.phase === 'committed') traffic?.stepped(event.shard);
      };
      const report = await commandsOn(fleet, { onProgress }).up({ protocol });
      if (report.exitCode !== 0) throw new Error(JSON.stringify(report.problems, null, 2));
      const steps = report.shards.flatMap((shard) => shard.steps);
      return steps.reduce((sum, step) => sum + step.attempts - 1, 0);
    },
  };
}

/**
 * What teams write today: node-pg-migrate for each tenant, and right after it, which keeps the time in between as
 * short as it can be, the tenant's foreign tables dropped and imported again in one transaction.
 */
export const byLoop: Way = {
  title: 'node-pg-migrate for each tenant, then re-import',
  async release(fleet, traffic) {
    let again = 0;
    const veneer = await fleet.connect('veneer');
    try {
      for (const tenant of TENANTS) {
        again += await persist(() => migrateTenant(fleet, tenant));
        traffic?.stepped(tenant.shard);
        again += await persist(() => reimport(veneer, tenant));
      }
    } finally {
      await veneer.end();
    }
    return again;
  },
};

async function migrateTenant(fleet: TestFleet, { name, shard }: TrafficTenant): Promise<void> {
  await runner({
    databaseUrl: fleet.urlOf(shard),
    dir: `${fleet.dir}/migrations`,
    direction: 'up',
    count: Number.POSITIVE_INFINITY,
    schema: name,
    migrationsSchema: name,
    migrationsTable: 'pgmigrations',
    log: () => undefined,
  });
}

async function reimport(veneer: Client, { name, shard }: TrafficTenant): Promise<void> {
  const { rows } = await veneer.query<{ name: string }>(
    'SELECT foreign_table_name AS name FROM information_schema.foreign_tables WHERE foreign_table_schema = $1',
    [name],
  );
  const tables = rows.map((row) => `${ident(name)}.${ident(row.name)}`);
  try {
    await veneer.query('BEGIN');
    if (tables.length > 0) await veneer.query(`DROP FOREIGN TABLE ${tables.join(', ')}`);
    await veneer.query(
      `IMPORT FOREIGN SCHEMA ${ident(name)} EXCEPT (pgmigrations) FROM SERVER ${ident(`${shard}_server`)} INTO ${ident(name)}`,
    );
    await veneer.query('COMMIT');
  } catch (error) {
    await veneer.query('ROLLBACK');
    throw error;
  }
}

const TRIES = 20;

/** The script's own deadlocks: the whole transaction again, as a careful script would. */
async function persist(work: () => Promise<void>): Promise<number> {
  for (let again = 0; ; again++) {
    try {
      await work();
      return again;
    } catch (error) {
      if (again >= TRIES || sqlstateOf(error) !== '40P01') throw error;
    }
  }
}
