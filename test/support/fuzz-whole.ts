import { setTimeout as delay } from 'node:timers/promises';
import { expect } from '@jest/globals';
import { EXIT, problemOf } from '../../src/errors.js';
import { commandsOn } from './commands.js';
import type { Arena, Written } from './fuzz-arena.js';
import { preparedIn } from './leave-attempt.js';
import { assertLikeImport } from './like-import.js';
import type { TestFleet } from './test-fleet.js';

const TENANTS = {
  shard1: ['bluth_co'],
  shard2: ['cyberdyne', 'dunder_mifflin'],
  shard3: ['initech'],
} as const;

/** With nothing that disturbs, one `up` goes through, and after one `recover` nothing is left of what was. */
export async function bringToRest(arena: Arena, { byHand }: { readonly byHand: boolean }): Promise<void> {
  const run = commandsOn(arena.fleet);
  const settled = await patiently(arena, () => run.recover());
  expect({ settled: settled.settled.filter(({ ending }) => ending === 'in doubt'), problems: settled.problems }).toEqual({ settled: [], problems: [] }); // prettier-ignore
  expect(await patiently(arena, () => run.up())).toMatchObject({ problems: [], exitCode: 0 });
  if (byHand) expect(await patiently(arena, () => run.sync())).toMatchObject({ problems: [], exitCode: 0 });
  expect(await patiently(arena, () => run.recover())).toMatchObject({
    problems: [],
    settled: [],
    exitCode: 0,
  });
}

/** A watchdog may be at work, and what a killed runner left running on a server holds its lock until that ends. */
async function patiently<R>({ note }: Arena, command: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await command();
    } catch (error) {
      const problem = problemOf(error);
      if (problem.exitCode !== EXIT.locked) throw error;
      note(`  locked: ${problem.message}`);
      await delay(50);
    }
  }
}

/** The promises, asked from the databases. */
export async function assertWhole({ fleet }: Arena, written: Written): Promise<void> {
  await assertOnce(fleet, written);
  expect(await preparedIn(fleet)).toEqual([]);
  expect(await traces(fleet)).toEqual([]);
  const status = await commandsOn(fleet).status();
  expect(status).toMatchObject({ inDoubt: [], problems: [] });
  // What was changed by hand on a shard makes its tenant odd, for good.
  const odd = status.drift.filter(({ kind }) => kind === 'odd tenant');
  expect(status).toMatchObject({ drift: odd, exitCode: odd.length > 0 ? EXIT.drift : EXIT.clean });
  await assertLikeImport(fleet);
  await assertSameRows(fleet);
}

/** Each migration once for each tenant, by the ledger and by what it did. */
export async function assertOnce(fleet: TestFleet, { migrations, noting, model }: Written): Promise<void> {
  for (const [shard, tenants] of Object.entries(TENANTS)) {
    const ledger = await fleet.query(
      shard,
      'SELECT tenant, migration, state FROM pgveneer.ledger ORDER BY 1, 2',
    );
    expect(ledger).toEqual(
      tenants.flatMap((tenant) => migrations.map((migration) => ({ tenant, migration, state: 'applied' }))),
    );
    const runs = await fleet.query(shard, 'SELECT tenant, migration FROM fuzz.runs ORDER BY 1, 2');
    expect(runs).toEqual(tenants.flatMap((tenant) => noting.map((migration) => ({ tenant, migration }))));
    for (const tenant of tenants) {
      const counters = await fleet.query(shard, `SELECT id, n FROM ${tenant}.counter ORDER BY id`);
      expect({ tenant, counters }).toEqual({
        tenant,
        counters: [1, 2].map((id) => ({ id, n: model.counted })),
      });
    }
  }
}

/** Intents and evidence. */
async function traces(fleet: TestFleet): Promise<unknown[]> {
  const found = await Promise.all(
    fleet.servers.map(async ({ name }) => {
      const intents =
        name === 'veneer' ? await fleet.query(name, 'SELECT step, nonce FROM pgveneer.intent') : [];
      const steps = await fleet.query(name, 'SELECT step, nonce, participant FROM pgveneer.step');
      return [...intents, ...steps].map((row) => ({ member: name, ...row }));
    }),
  );
  return found.flat();
}

async function assertSameRows(fleet: TestFleet): Promise<void> {
  for (const [shard, tenants] of Object.entries(TENANTS)) {
    for (const tenant of tenants) {
      const relations = await fleet.query(
        shard,
        `SELECT relname AS name FROM pg_class WHERE relnamespace = '${tenant}'::regnamespace AND relkind IN ('r', 'v') ORDER BY 1`,
      );
      for (const { name } of relations) {
        const sql = `SELECT x::text AS row FROM ${tenant}.${String(name)} AS x ORDER BY 1`;
        const [there, here] = await Promise.all([fleet.query(shard, sql), fleet.query('veneer', sql)]);
        expect({ name, rows: here }).toEqual({ name, rows: there });
      }
    }
  }
}
