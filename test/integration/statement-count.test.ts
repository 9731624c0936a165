import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import { logged } from '../support/logged.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { waitsOf } from '../support/waits-of.js';

const MEMBERS = ['veneer', 'shard1', 'shard2', 'shard3'];

const TENANTS = {
  shard1: 'bluth_co',
  shard2: 'cyberdyne, dunder_mifflin',
  shard3: 'initech',
} as const;

interface Sized {
  readonly fleet: TestFleet;
  readonly run: Commands;
}

/** A fleet whose shards have so many tenants each, all of them migrated. */
async function sized(perShard: number): Promise<Sized> {
  const names = (shard: string): string =>
    Array.from({ length: perShard }, (_, index) => `${shard}_t${index}`).join(', ');
  const fleet = await freshFleet({
    config: (name) =>
      Object.entries(TENANTS).reduce(
        (yaml, [shard, tenants]) => yaml.replace(`[${tenants}]`, `[${names(shard)}]`),
        bookstoreYaml(name),
      ),
  });
  const run = commandsOn(fleet);
  expect(await run.setup()).toMatchObject({ exitCode: 0 });
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int PRIMARY KEY, title text)');
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  return { fleet, run };
}

let few: Sized;
let many: Sized;

beforeAll(async () => {
  few = await sized(1);
  many = await sized(10);
});

afterAll(() => Promise.all([few, many].map(({ fleet }) => fleet.close())));

/** What the clock decides: a run asks twice a second whether it is to stop, and more often whether it waits for a lock. */
const BY_THE_CLOCK = ['stop asked', 'pg_stat_get_activity'];

/** By member the texts that reached it. */
async function textsOf({ fleet }: Sized, command: () => Promise<unknown>): Promise<Map<string, string[]>> {
  const logs = await Promise.all(MEMBERS.map((member) => logged(fleet, member)));
  await command();
  const texts = logs.map(async (read, index): Promise<[string, string[]]> => {
    const entries = (await read()).split(/\n(?=\d{4}-)/);
    const sent = entries.filter((entry) => /LOG: +(statement|execute [^:]*): /.test(entry));
    return [
      MEMBERS[index] ?? '',
      sent.filter((entry) => !BY_THE_CLOCK.some((words) => entry.includes(words))),
    ];
  });
  return new Map(await Promise.all(texts));
}

async function countOf(fleet: Sized, command: () => Promise<unknown>): Promise<Record<string, number>> {
  const texts = await textsOf(fleet, command);
  return Object.fromEntries([...texts].map(([member, sent]) => [member, sent.length]));
}

test('status sends each member as many statements for thirty tenants as for three', async () => {
  const three = await countOf(few, () => few.run.status());
  expect(await countOf(many, () => many.run.status())).toEqual(three);
  expect(Math.min(...Object.values(three))).toBeGreaterThan(5);
});

test('status waits for each member as often for thirty tenants as for three, and seldom', async () => {
  const status = async ({ run }: Sized): Promise<void> => {
    expect(await run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0 });
  };
  const three = await waitsOf(few.fleet, MEMBERS, () => status(few));
  expect(await waitsOf(many.fleet, MEMBERS, () => status(many))).toEqual(three);
  // The opening; facts, with a look at what of them may be read; what stands in the way, with the tables that roles may read; probes.
  // On a shard: the opening; facts; its tenants' shapes; the last steps, which have to be asked for after the history.
  expect(three).toEqual({ veneer: [5], shard1: [4], shard2: [4], shard3: [4] });
});

test('to tell how tenants are odd takes a read of each member, however many they are', async () => {
  const before = await countOf(many, () => many.run.status());
  for (const tenant of ['shard1_t1', 'shard1_t2', 'shard2_t3', 'shard3_t4'])
    await many.fleet.query(tenant.slice(0, 6), `CREATE INDEX ON ${tenant}.books (title)`);
  const after = await countOf(many, async () => {
    expect(await many.run.status()).toMatchObject({ siblings: { alike: 26, odd: 4 } });
  });
  for (const member of MEMBERS)
    expect((after[member] ?? 0) - (before[member] ?? 0)).toBeLessThanOrEqual(member === 'veneer' ? 0 : 3);
});

test('up with nothing to do sends each member as many statements for thirty tenants as for three', async () => {
  const three = await countOf(few, () => few.run.up());
  expect(await countOf(many, () => many.run.up())).toEqual(three);
});

/** How often a server's catalogs of types and of defaults were read from their first row on; sessions tell it when they end. */
async function wholeReads({ fleet }: Sized, command: () => Promise<unknown>): Promise<number> {
  const ask = async (): Promise<number> => {
    const [row] = await fleet.query(
      'veneer',
      `SELECT sum(seq_scan)::int AS n FROM pg_stat_sys_tables WHERE relname IN ('pg_type', 'pg_attrdef')`,
    );
    return Number(row?.['n']);
  };
  const before = await ask();
  await command();
  return (await ask()) - before;
}

test('no catalog of the veneer is read whole once for each table', async () => {
  await many.fleet.writeMigration('2_pages.sql', 'ALTER TABLE books ADD COLUMN pages int DEFAULT 0');
  const reads = await wholeReads(many, async () => {
    expect(await many.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  });
  expect(reads).toBeLessThan(30);
});

test('a step sends each shard as many texts for thirty tenants as for three', async () => {
  const add = async (sized: Sized): Promise<void> => {
    await sized.fleet.writeMigration('3_notes.sql', 'CREATE TABLE notes (id int PRIMARY KEY); SELECT 1');
    expect(await sized.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  };
  const { veneer: _, ...three } = await countOf(few, () => add(few));
  expect(await countOf(many, () => add(many))).toMatchObject(three);
});

test('catalog queries are parsed and planned once a session, however many steps it runs', async () => {
  for (const number of [4, 5, 6])
    await many.fleet.writeMigration(`${number}_more.sql`, `ALTER TABLE books ADD COLUMN more_${number} int`);
  const texts = await textsOf(many, async () => {
    expect(await many.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  });
  const prepared = [...texts.values()].flat().flatMap((text) => /execute (pgv_\d+)_/.exec(text)?.[1] ?? []);
  expect(prepared.length).toBeGreaterThan(30);
  expect([...new Set(prepared)]).toEqual(['pgv_0']);
});

test('up waits as often for thirty tenants as for three, and seldom', async () => {
  const up = async ({ run, fleet }: Sized): Promise<Record<string, number[]>> => {
    expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await fleet.writeMigration('9_rating.sql', 'ALTER TABLE books ADD COLUMN rating int');
    return waitsOf(fleet, ['veneer', 'shard1'], async () => {
      expect(await run.up({ shards: ['shard1'] })).toMatchObject({ problems: [], exitCode: 0 });
    });
  };
  // Anchors and history are asked by the clock, too.
  const lanes = (waits: Record<string, number[]>): Record<string, number[]> => ({
    veneer: waits.veneer?.slice(2) ?? [],
    shard1: waits.shard1?.slice(1) ?? [],
  });
  const one = lanes(await up(few));
  expect(lanes(await up(many))).toEqual(one);
  // Both: the opening, the run joined; at the end PREPARE behind the evidence, COMMIT PREPARED, and evidence removed.
  // On the shard in between: BEGIN with the ledger; the migration, with what it touched; what that is now.
  // On the veneer: what is there, with BEGIN; the locks, with what they are on; what is changed, and the proof of it.
  expect(one).toEqual({ veneer: [8], shard1: [8] });
});

test('a tenant is added with as many texts for twelve migrations as for two', async () => {
  const two = await sized(1);
  try {
    await two.fleet.writeMigration('2_notes.sql', 'CREATE TABLE notes (id int PRIMARY KEY)');
    const add = (name: string) => async (): Promise<void> => {
      const report = await two.run.tenant({ action: 'add', names: [name], shard: 'shard2', dryRun: false });
      expect(report).toMatchObject({ problems: [], exitCode: 0 });
    };
    const up = async (): Promise<void> =>
      expect(await two.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await up();
    const { shard2 } = await countOf(two, add('first'));
    for (let number = 3; number <= 12; number++)
      await two.fleet.writeMigration(`${number}_more.sql`, `ALTER TABLE notes ADD COLUMN more_${number} int`);
    await up();
    expect(await countOf(two, add('second'))).toMatchObject({ shard2 });
  } finally {
    await two.fleet.close();
  }
});
