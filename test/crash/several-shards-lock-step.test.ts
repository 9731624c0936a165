import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { killedAt } from '../support/killed-at.js';
import { assertLikeImport } from '../support/like-import.js';
import { meshFleet, regionNames, type MeshFleet, type Region } from '../support/mesh-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { scenario } from '../support/scenario.js';
import { veneerDrift } from '../support/veneer-drift.js';

/** Several shards in one step of lock-step: they commit one after the other, and a crash may come in between. */
const WAY = ['up', '--atomic', 'fleet', '--protocol', 'lock-step'];

describe('three shards behind a veneer', () => {
  const s = scenario({ shared: true });
  const SHARDS = ['shard1', 'shard2', 'shard3'];
  let round = 0;

  beforeAll(async () => {
    await s.start(
      'CREATE TABLE books (id int PRIMARY KEY, weight_0 int); INSERT INTO books VALUES (1, NULL)',
    );
  });

  const weights = (): Promise<unknown[]> =>
    Promise.all(
      ['cyberdyne', 'bluth_co', 'initech'].map((tenant) =>
        s.fleet.query('veneer', `SELECT * FROM ${tenant}.books WHERE id IS NOT NULL`, 'app'),
      ),
    );

  test.each([
    ['after commit:shard1', ['shard2', 'shard3']],
    ['before commit:shard3', ['shard3']],
    ['after commit:shard3', []],
    ['after commit:veneer', []],
  ])('killed %s: the veneer follows those that committed, and no other', async (point, behind) => {
    round++;
    // A renamed column shows what was replayed, and NOT NULL what may be wrong about it.
    await s.write(
      `UPDATE books SET weight_${round - 1} = ${round}; ALTER TABLE books RENAME weight_${round - 1} TO weight_${round};
       ALTER TABLE books ADD CONSTRAINT filled CHECK (weight_${round} > 0), ALTER weight_${round} SET NOT NULL`,
    );
    await killedAt(s.fleet, WAY, `${point}#1`);
    const foreseen = await s.run.recover({ dryRun: true });
    const settled = await s.run.recover();
    expect(settled).toMatchObject({
      exitCode: behind.length === 0 ? 0 : 10,
      next: behind.length === 0 ? null : 'migrate up',
      settled: [{ ending: 'committed', detail: null, behind }],
    });
    expect(foreseen.settled).toEqual(settled.settled);
    await assertLikeImport(s.fleet);
    const status = await s.run.status();
    expect(veneerDrift(status)).toEqual([]);
    expect(status.next).toBe(behind.length === 0 ? null : 'migrate up');
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await assertLikeImport(s.fleet);
    const row = { id: 1, [`weight_${round}`]: round };
    expect(await weights()).toEqual([[row], [row], [row]]);
    for (const shard of SHARDS) {
      await s.fleet.query(shard, 'SELECT 1');
      expect(await s.fleet.query(shard, 'SELECT * FROM pgveneer.step')).toEqual([]);
    }
    await s.write(`ALTER TABLE books DROP CONSTRAINT filled, ALTER weight_${round} DROP NOT NULL`);
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  });
});

describe('a mesh', () => {
  let fleet: MeshFleet;
  let round = 0;

  beforeAll(async () => {
    fleet = await meshFleet();
    expect(await fleet.run.setup()).toMatchObject({ problems: [], exitCode: 0 });
    await fleet.writeMigration('0000_books.sql', 'CREATE TABLE books (id int PRIMARY KEY, title_0 text)');
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  });
  afterAll(() => fleet.close());

  test.each<[string, Region[]]>([
    ['after commit:usa', ['gbr', 'aus']],
    ['after commit:gbr', ['aus']],
    ['after commit:aus', []],
  ])('killed %s: regions that did not commit follow those that did', async (point, behind) => {
    round++;
    await fleet.writeMigration(
      `${round}_rename.sql`,
      `ALTER TABLE books RENAME title_${round - 1} TO title_${round}`,
    );
    await killedAt(fleet, WAY, `${point}#1`);
    // Killed once more between two that follow: what one has done stands, and is not taken for its own commit.
    if (behind.length > 1) {
      await killedAt(fleet, ['recover'], `after replay:${behind[0]}#1`);
    }
    expect(await fleet.run.recover()).toMatchObject({
      settled: [{ ending: 'committed', detail: null, behind }],
    });
    const shown = await fleet.everywhere(
      `SELECT n.nspname || '.' || a.attname AS shown FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relname = 'books' AND a.attname LIKE 'title_%' ORDER BY 1`,
    );
    // One that has committed shows all as the step was to leave them, since that was one transaction with its own tables.
    const shownBy = (by: Region): unknown[] =>
      regionNames.toSorted().map((name) => {
        const isRenamed = !behind.includes(by) || !behind.includes(name);
        return { shown: `${name}.title_${isRenamed ? round : round - 1}` };
      });
    expect(shown).toEqual(regionNames.map(shownBy));
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
  });
});

describe('shards that share a type on the veneer', () => {
  const s = scenario({ shared: true });

  beforeAll(async () => {
    for (const shard of ['shard1', 'shard2', 'shard3'])
      await s.fleet.query(shard, `CREATE SCHEMA shared; CREATE TYPE shared.mood AS ENUM ('m0')`);
    await s.start(`CREATE TABLE books (id int); DO $$ BEGIN IF current_setting('pgveneer.shard') <> 'shard2' THEN
      ALTER TABLE books ADD COLUMN felt shared.mood; INSERT INTO books VALUES (1, 'm0'); END IF; END $$`);
  });

  test('killed between them: the veneer follows neither by half, and the next up brings all in line', async () => {
    await s.fleet.writeMigration('shard/0002_label.sql', `ALTER TYPE shared.mood RENAME VALUE 'm0' TO 'm1'`);
    await killedAt(s.fleet, ['up', '--protocol', 'lock-step'], 'after commit:shard1#1');
    const settled = {
      ending: 'committed',
      behind: ['shard3'],
      detail: expect.stringContaining('veneer lost it'),
    };
    expect(await s.run.recover({ dryRun: true })).toMatchObject({ settled: [settled] });
    expect(await s.run.recover()).toMatchObject({ exitCode: 22, next: 'migrate status', settled: [settled] });
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    const read = 'SELECT felt::text FROM bluth_co.books UNION ALL SELECT felt::text FROM initech.books';
    expect(await s.fleet.query('veneer', read, 'app')).toEqual([{ felt: 'm1' }, { felt: 'm1' }]);
    expect(veneerDrift(await s.run.status())).toEqual([]);
    await assertLikeImport(s.fleet);
  });
});

describe('shards with partitions of one parent', () => {
  const s = scenario({
    shared: true,
    config: (name) =>
      bookstoreYaml(name).replace(
        /\nroles:/,
        `\nexpose:\n  - { from: "{tenant}.orders", as: "{tenant}.orders", partition_of: every.orders, bounds: "IN ({tenant})" }\nroles:`,
      ),
  });

  test('killed between them: their parent follows none alone, and the next up brings all in line', async () => {
    await s.run.setup();
    await s.fleet.query(
      'veneer',
      `CREATE SCHEMA every; CREATE TABLE every.orders (id int NOT NULL, tenant text) PARTITION BY LIST (tenant)`,
    );
    await s.write(`CREATE TABLE orders (id int NOT NULL, tenant text)`);
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await s.write('ALTER TABLE orders ADD COLUMN n int; ALTER TABLE orders RENAME COLUMN id TO no');
    await killedAt(s.fleet, ['up', '--protocol', 'lock-step'], 'after commit:shard1#1');
    const settled = { ending: 'committed', behind: ['shard2', 'shard3'] };
    expect(await s.run.recover()).toMatchObject({ exitCode: 22, next: 'migrate status', settled: [settled] });
    // Each shard's turn would take back what the one before has made.
    expect(await s.run.sync()).toMatchObject({
      exitCode: 20,
      problems: expect.arrayContaining([
        expect.objectContaining({
          message: expect.stringContaining(
            'bluth_co.orders is a partition of every.orders, and other partitions have not the same change',
          ),
        }),
      ]),
    });
    expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await s.fleet.query('veneer', 'SELECT n FROM every.orders')).toEqual([]);
    expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
  });
});
