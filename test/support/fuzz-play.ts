import { expect } from '@jest/globals';
import { EXIT, problemOf } from '../../src/errors.js';
import { commandsOn } from './commands.js';
import { freshFleet } from './fresh-fleet.js';
import type { Arena, Written } from './fuzz-arena.js';
import { applyOp, BASE, START } from './fuzz-changes.js';
import type { Model } from './fuzz-model.js';
import type { ByHand, NewMigration, Round, Schedule } from './fuzz-schedule.js';
import { disturbedUp, type UpEnd } from './fuzz-up.js';
import { assertOnce, assertWhole, bringToRest } from './fuzz-whole.js';
import { preparedIn } from './leave-attempt.js';
import { startOwnFleet } from './own-fleet.js';
import type { TestFleet } from './test-fleet.js';
import { bookstoreYaml } from './test-project.js';

/** Which servers a schedule is played on: those of its own it may kill, too. */
export type Where = 'the servers of the run' | 'own servers';

const SHARDS = ['shard1', 'shard2', 'shard3'] as const;
const TENANTS = [
  { name: 'bluth_co', shard: 'shard1' },
  { name: 'cyberdyne', shard: 'shard2' },
  { name: 'dunder_mifflin', shard: 'shard2' },
  { name: 'initech', shard: 'shard3' },
] as const;

/**
 * Plays a schedule on a fleet of its own, on the run's servers or on its own ones, brings it to rest, and asserts the
 * promises. Answers what happened, line by line; it stands before the message of whatever is thrown, too.
 */
export async function play(schedule: Schedule, where: Where): Promise<readonly string[]> {
  const own = where === 'own servers' ? await startOwnFleet() : null;
  const fleet = own ?? (await freshFleet());
  const log: string[] = [];
  const start = performance.now();
  const note = (line: string): void =>
    void log.push(`${((performance.now() - start) / 1000).toFixed(2)} ${line}`);
  const arena: Arena = { fleet, own, note, down: new Set() };
  try {
    await fleet.writeConfig(yamlOf(fleet.name, schedule));
    let written = await begin(fleet);
    let byHand = false;
    for (const [index, round] of schedule.rounds.entries()) {
      arena.note(`round ${index + 1}: ${JSON.stringify({ ...round, migrations: undefined })}`);
      byHand ||= round.byHand.length > 0;
      written = await playRound(arena, round, { written, byHand });
    }
    await bringToRest(arena, { byHand });
    note('at rest');
    await assertWhole(arena, written);
    note('whole');
    return log;
  } catch (error) {
    throw told(log, error);
  } finally {
    await fleet.close();
  }
}

function told(log: readonly string[], error: unknown): Error {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return new Error(`${log.join('\n')}\n${stack ?? message}`, { cause: error });
}

/** Short budgets: what blocks is meant to make attempts fail. */
function yamlOf(fleet: string, { rollout }: Schedule): string {
  const { concurrency, batch, on_error, canary } = rollout;
  const line = `rollout: { concurrency: ${concurrency}, batch: ${batch}, on_error: ${on_error}, lock_wait: 300ms, lock_hold: 10s, retries: 4${canary ? ', canary: [shard2]' : ''} }`;
  return bookstoreYaml(fleet).replace(/rollout: .*/, line);
}

const FUZZ = `CREATE SCHEMA fuzz; CREATE TABLE fuzz.runs (tenant text, migration text); CREATE TABLE fuzz.trouble (tenant text)`;

async function begin(fleet: TestFleet): Promise<Written> {
  for (const shard of SHARDS) await fleet.query(shard, FUZZ);
  const run = commandsOn(fleet);
  expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
  await fleet.writeMigration('0000_base.sql', BASE);
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  return { model: START, migrations: ['0000_base'], noting: [] };
}

/** What was written before a round, and whether anybody has changed anything by hand. */
interface Story {
  readonly written: Written;
  readonly byHand: boolean;
}

async function playRound(arena: Arena, round: Round, { written: before, byHand }: Story): Promise<Written> {
  const { fleet } = arena;
  for (const change of round.byHand) await changeByHand(arena, change);
  const written = await writeAll(arena, round.migrations, before);
  const troubled = round.trouble === null ? null : TENANTS[round.trouble % TENANTS.length]!;
  if (troubled !== null)
    await fleet.query(troubled.shard, `INSERT INTO fuzz.trouble VALUES ('${troubled.name}')`);
  const end = await disturbedUp(arena, round.up);
  await assertHonest(arena, end, { written, byHand });
  if (troubled !== null) await fleet.query(troubled.shard, 'DELETE FROM fuzz.trouble');
  await runAfterwards(arena, round.afterwards);
  return written;
}

/** What the exit code says is so: done, or nothing half done. Only who drifted by hand drifts. */
async function assertHonest({ fleet }: Arena, { code }: UpEnd, { written, byHand }: Story): Promise<void> {
  expect(code).not.toBe(EXIT.bug);
  if (code === EXIT.clean) await assertOnce(fleet, written);
  if (code !== EXIT.clean && code !== EXIT.failed && code !== EXIT.partial) return;
  expect(await preparedIn(fleet)).toEqual([]);
  if (!byHand) expect((await commandsOn(fleet).status()).drift).toEqual([]);
}

async function runAfterwards({ fleet, note }: Arena, command: Round['afterwards']): Promise<void> {
  if (command === 'nothing') return;
  const run = commandsOn(fleet);
  const code = await run[command]().then(
    ({ exitCode }) => exitCode,
    (error: unknown) => problemOf(error).exitCode,
  );
  note(`  then ${command}: ${code}`);
  expect(code).not.toBe(EXIT.bug);
}

async function writeAll(
  { fleet, note }: Arena,
  migrations: readonly NewMigration[],
  before: Written,
): Promise<Written> {
  let written = before;
  for (const migration of migrations) {
    const number = String(written.migrations.length).padStart(4, '0');
    const { sql, model, name, notes } = textOfMigration(written.model, migration, number);
    note(`  ${name}: ${sql.replaceAll(/\s+/g, ' ')}`);
    await fleet.writeMigration(`${name}.sql`, sql);
    written = {
      model,
      migrations: [...written.migrations, name],
      noting: notes ? [...written.noting, name] : written.noting,
    };
  }
  return written;
}

function textOfMigration(
  model: Model,
  migration: NewMigration,
  number: string,
): { readonly sql: string; readonly model: Model; readonly name: string; readonly notes: boolean } {
  if (migration.kind === 'without one') {
    const name = `${number}_index`;
    const table = model.tables[migration.table % model.tables.length]?.name ?? 'counter';
    const sql = `-- no-transaction\nCREATE INDEX CONCURRENTLY i${number} ON ${table} (id);`;
    return { sql, model, name, notes: false };
  }
  const name = `${number}_change`;
  const statements = [`INSERT INTO fuzz.runs VALUES (current_schema(), '${name}')`];
  let after = model;
  for (const op of migration.ops) {
    const applied = applyOp(after, op);
    after = applied.model;
    statements.push(...applied.sql);
  }
  return { sql: `${statements.join(';\n')};\n`, model: after, name, notes: true };
}

/** What nobody should do, and what `sync` is there for. */
async function changeByHand({ fleet, note }: Arena, change: ByHand): Promise<void> {
  const { name, shard } = TENANTS[change.tenant % TENANTS.length]!;
  const member = change.kind.includes('foreign') ? 'veneer' : shard;
  const table = await existingTable(fleet, member, name, change.table);
  const sql = byHandSql(change.kind, name, table);
  note(`  by hand on ${member}: ${sql}`);
  await fleet.query(member, sql);
}

async function existingTable(
  fleet: TestFleet,
  member: string,
  tenant: string,
  index: number,
): Promise<string> {
  const tables = await fleet.query(
    member,
    `SELECT relname AS name FROM pg_class c
      WHERE relnamespace = '${tenant}'::regnamespace AND relkind IN ('r', 'f') AND relname NOT LIKE 'v%' ORDER BY 1`,
  );
  return tables.length === 0 ? 'counter' : String(tables[index % tables.length]!.name);
}

function byHandSql(kind: ByHand['kind'], tenant: string, table: string): string {
  switch (kind) {
    case 'add column':
      return `ALTER TABLE ${tenant}.${table} ADD COLUMN IF NOT EXISTS hand int`;
    case 'create table':
      return `CREATE TABLE IF NOT EXISTS ${tenant}.hand (id int, more text)`;
    case 'drop foreign table':
      return `DROP FOREIGN TABLE IF EXISTS ${tenant}.${table}`;
    case 'add foreign column':
      return `ALTER FOREIGN TABLE IF EXISTS ${tenant}.${table} ADD COLUMN IF NOT EXISTS ghost int`;
  }
}
