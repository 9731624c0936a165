import { expect } from '@jest/globals';
import { MEMBERS, TENANTS, type CrashFleet } from './crash-fleet.js';
import type { UpReport } from '../../src/report/up.js';
import type { TestFleet } from './test-fleet.js';

/** What a fleet has to be after any crash and the command that heals it: as if nothing had happened. */
export async function expectHealed(crash: CrashFleet): Promise<void> {
  const { fleet, commands } = crash;
  const [applied, shown, traces, status] = await Promise.all([
    readLedgers(fleet),
    readCounted(fleet),
    readTraces(fleet),
    commands.status(),
  ]);
  const wanted = <T>(value: T): Record<string, T> =>
    Object.fromEntries(TENANTS.map(([tenant]) => [tenant, value]));
  expect(applied).toEqual(wanted(crash.migrations));
  expect(shown).toEqual(wanted({ n: crash.counting.length, counted: crash.counting, subject: 1 }));
  expect(traces).toEqual([]);
  expect(status).toMatchObject({ exitCode: 0, drift: [], inDoubt: [], problems: [] });
}

/** The ledger of each tenant, in order of names; its key lets no migration stand there twice. */
async function readLedgers(fleet: TestFleet): Promise<Record<string, unknown>> {
  const entries = TENANTS.map(async ([tenant, shard]) => {
    const sql = `SELECT array_agg(migration ORDER BY migration) AS names FROM pgveneer.ledger WHERE tenant = '${tenant}'`;
    return [tenant, (await fleet.query(shard, sql))[0]?.names] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

/** What the migrations counted, as the application reads it: through the veneer, on a connection of its own. */
async function readCounted(fleet: TestFleet): Promise<Record<string, unknown>> {
  const parts = TENANTS.map(
    ([tenant]) => `SELECT '${tenant}' AS tenant, (SELECT n FROM ${tenant}.counter) AS n,
      (SELECT array_agg(migration ORDER BY migration) FROM ${tenant}.counted) AS counted,
      (SELECT count(*)::int FROM (SELECT * FROM ${tenant}.subject) AS s) AS subject`,
  );
  const rows = await fleet.query('veneer', parts.join(' UNION ALL '), 'app');
  return Object.fromEntries(
    rows.map(({ tenant, counted, ...rest }) => [tenant, { ...rest, counted: counted ?? [] }]),
  );
}

/** Everything that an attempt may leave in the databases: all of it belongs gone. */
export async function readTraces(fleet: TestFleet): Promise<Record<string, unknown>[]> {
  const found = MEMBERS.map(async (member) => {
    const intents =
      member === 'veneer' ? `UNION ALL SELECT 'intent', step || ' ' || nonce FROM pgveneer.intent` : '';
    const rows = await fleet.query(
      member,
      `SELECT 'prepared' AS kind, gid AS what FROM pg_prepared_xacts WHERE database = current_database()
       UNION ALL SELECT 'evidence', step || ' ' || nonce FROM pgveneer.step ${intents}`,
    );
    return rows.map((row) => ({ member, ...row }));
  });
  return (await Promise.all(found)).flat();
}

/**
 * What a reader gets while the fleet is as the crash left it: the rows, or a wait. SQLSTATE 57014 and 55P03 are our
 * own impatience; anything else would be drift that somebody sees.
 */
export async function expectNoDriftSeen(fleet: TestFleet): Promise<void> {
  const reader = await fleet.connect('veneer', 'app');
  try {
    await reader.query(`SET statement_timeout = '100ms'`);
    for (const [tenant] of TENANTS) {
      const answer = await reader.query(`SELECT * FROM ${tenant}.subject`).then(
        ({ rows }) => rows.length,
        (error: { code?: string }) => (error.code === '57014' ? 1 : error),
      );
      expect(answer).toBe(1);
    }
  } finally {
    await reader.end();
  }
}

/**
 * What a report says about its steps is what the shards say: committed is in the ledger, and whatever did not commit is
 * not. What is in doubt may be either, and only that may have left something prepared.
 */
export async function expectTruthful(fleet: TestFleet, report: UpReport): Promise<void> {
  const ledgers = await readLedgers(fleet);
  const steps = report.shards.flatMap((shard) => shard.steps).filter(({ state }) => state !== 'in doubt');
  for (const { migration, state, tenants } of steps) {
    const applied = tenants.map((tenant) => (ledgers[tenant] as string[]).includes(migration));
    const committed = tenants.map(() => state === 'committed');
    expect({ migration, state, applied }).toEqual({ migration, state, applied: committed });
  }
  const states = report.shards.flatMap((shard) => shard.steps.map(({ state }) => state));
  expect(report.exitCode === 0).toBe(states.every((state) => state === 'committed'));
  if (states.includes('in doubt')) return;
  expect(await readTraces(fleet)).not.toContainEqual(expect.objectContaining({ kind: 'prepared' }));
}
