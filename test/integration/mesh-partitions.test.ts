import { mkdir } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRun } from '../support/crash-run.js';
import { meshFleet, REGION_RULES, REGIONS, regionNames, type MeshFleet } from '../support/mesh-fleet.js';
import { committed, expectClean } from '../support/outcomes.js';

let fleet: MeshFleet;
let count = 0;

const write = (scope: 'veneer' | 'tenant', sql: string): Promise<void> =>
  fleet.writeMigration(
    `${scope === 'tenant' ? '' : 'veneer/'}${String(++count).padStart(4, '0')}_change.sql`,
    sql,
  );

const migrate = async (scope: 'veneer' | 'tenant', sql: string): ReturnType<MeshFleet['run']['up']> => {
  await write(scope, sql);
  return fleet.run.up();
};

beforeAll(async () => {
  fleet = await meshFleet(REGION_RULES);
  await mkdir(`${fleet.dir}/migrations/veneer`);
  expect(await fleet.run.setup()).toMatchObject(committed);
  await write(
    'veneer',
    `CREATE TABLE shared.identity (id int PRIMARY KEY, name text);
     CREATE TABLE shared.identity_details (id int NOT NULL, region text NOT NULL, email text) PARTITION BY LIST (region)`,
  );
  await write(
    'tenant',
    `CREATE TABLE identity_details PARTITION OF shared.identity_details FOR VALUES IN (current_setting('pgveneer.tenant'))`,
  );
  expect(await fleet.run.up()).toMatchObject(committed);
});

afterAll(() => fleet.close());

test('in every region its own partition is local, and the others are attached foreign tables', async () => {
  const kinds = await fleet.everywhere(
    `SELECT c.relnamespace::regnamespace::text || ' ' || c.relkind::text AS partition FROM pg_inherits i
       JOIN pg_class c ON c.oid = i.inhrelid
      WHERE i.inhparent = 'shared.identity_details'::regclass ORDER BY 1`,
  );
  const shown = (own: string): unknown[] =>
    regionNames.toSorted().map((name) => ({ partition: `${name} ${name === own ? 'r' : 'f'}` }));
  expect(kinds).toEqual(regionNames.map(shown));
  await expectClean(fleet.run);
});

test('an INSERT in any region lands at home, and every region reads all of it', async () => {
  await fleet.everywhere(
    `INSERT INTO shared.identity_details
     SELECT count(*), 'gbr', current_setting('server_version') FROM gbr.identity_details`,
  );
  const home = await fleet.in('gbr', 'SELECT count(*)::int AS n FROM ONLY gbr.identity_details');
  expect(home).toEqual([{ n: 3 }]);
  const counts = await fleet.everywhere('SELECT count(*)::int AS n FROM shared.identity_details');
  expect(counts).toEqual(regionNames.map(() => [{ n: 3 }]));
});

test('a table of the region itself is shown in the others, under the name of the region', async () => {
  await fleet.in('usa', "INSERT INTO shared.identity VALUES (1, 'Ada')");
  expect(await fleet.in('gbr', 'SELECT name FROM usa.identity')).toEqual([{ name: 'Ada' }]);
  expect(await fleet.in('usa', "SELECT to_regclass('usa.identity') AS own")).toEqual([{ own: null }]);
});

test.each([
  'ALTER TABLE shared.identity_details ADD COLUMN phone text DEFAULT 1',
  'ALTER TABLE shared.identity_details RENAME COLUMN phone TO mobile',
  'ALTER TABLE shared.identity_details ALTER COLUMN mobile SET NOT NULL',
  'ALTER TABLE shared.identity_details DROP COLUMN mobile',
  'ALTER TABLE shared.identity ADD COLUMN born date; ALTER TABLE shared.identity RENAME COLUMN name TO called',
])(
  'a migration of the veneers moves parents, partitions and mirrors of all regions in one step: %s',
  async (sql) => {
    expect(await migrate('veneer', sql)).toMatchObject(committed);
    await expectClean(fleet.run);
    const counts = await fleet.everywhere(
      'SELECT count(*)::int AS n FROM (SELECT * FROM shared.identity_details) AS d',
    );
    expect(counts).toEqual(regionNames.map(() => [{ n: 3 }]));
  },
);

test('a step of the mesh that dies between two commits is brought to its end', async () => {
  await write('veneer', 'ALTER TABLE shared.identity_details ADD COLUMN note text; ALTER TABLE shared.identity ADD COLUMN note text'); // prettier-ignore
  const dead = startRun(fleet.dir, { command: 'up', dieAt: 'after commit prepared:gbr#1' });
  expect(await dead.result).toMatchObject({ signal: 'SIGKILL' });
  expect(await fleet.run.recover()).toMatchObject({ exitCode: 0, settled: [{ ending: 'committed' }] });
  await expectClean(fleet.run);
  const notes = await fleet.everywhere('SELECT count(note)::int AS n FROM shared.identity_details');
  expect(notes).toEqual(regionNames.map(() => [{ n: 0 }]));
});

test('a region whose own table is no partition there has no home, and its status says how to give it one', async () => {
  await fleet.in('usa', 'ALTER TABLE shared.identity_details DETACH PARTITION usa.identity_details');
  const { drift, exitCode } = await fleet.run.status();
  expect({ drift, exitCode }).toMatchObject({
    exitCode: 11,
    drift: [
      {
        kind: 'partition',
        grade: 'invisible',
        where: { shard: 'usa', veneer: 'usa', tenant: 'usa' },
        object: 'usa.identity_details',
        text: 'usa has no home for its own rows: it is no partition of shared.identity_details there',
      },
    ],
  });
  await fleet.in('usa', drift[0]?.cure.replace('on usa: ', '') ?? '');
  await expectClean(fleet.run);
});

test('a home that is a partition of something else is told with what it is attached to', async () => {
  await fleet.in(
    'aus',
    `CREATE TABLE shared.elsewhere (LIKE shared.identity_details) PARTITION BY LIST (region);
     ALTER TABLE shared.identity_details DETACH PARTITION aus.identity_details;
     ALTER TABLE shared.elsewhere ATTACH PARTITION aus.identity_details FOR VALUES IN ('aus')`,
  );
  const { drift } = await fleet.run.status();
  expect(drift).toMatchObject([
    {
      kind: 'partition',
      object: 'aus.identity_details',
      text: 'aus has no home for its own rows: it is no partition of shared.identity_details there, but of shared.elsewhere',
    },
  ]);
  await fleet.in('aus', drift[0]?.cure.replace('on aus: ', '') ?? '');
  await fleet.in('aus', 'DROP TABLE shared.elsewhere');
  await expectClean(fleet.run);
});

test('a home with other bounds than the rule says is told by status --verify, with what cures it', async () => {
  await fleet.in(
    'gbr',
    `ALTER TABLE shared.identity_details DETACH PARTITION gbr.identity_details;
     ALTER TABLE shared.identity_details ATTACH PARTITION gbr.identity_details FOR VALUES IN ('gbr', 'irl')`,
  );
  const { drift } = await fleet.run.status({ verify: true });
  expect(drift).toMatchObject([
    {
      object: 'gbr.identity_details',
      where: { shard: 'gbr', veneer: 'gbr' },
      text: "it is attached to shared.identity_details FOR VALUES IN ('gbr', 'irl'), and shards.yaml says FOR VALUES IN ('gbr')",
    },
  ]);
  const [statements = ''] = /BEGIN;.*COMMIT/.exec(drift[0]?.cure ?? '') ?? [];
  await fleet.in('gbr', statements);
  expect(await fleet.run.status({ verify: true })).toMatchObject({ drift: [], problems: [], exitCode: 0 });
});

test('a rewrite of a parent is refused in a mesh', async () => {
  const report = await migrate('veneer', 'ALTER TABLE shared.identity_details ALTER COLUMN id TYPE bigint');
  expect(report).toMatchObject({ exitCode: 20, problems: [{ hint: expect.stringMatching(/--offline/) }] });
  expect(await fleet.run.up({ offline: true })).toMatchObject(committed);
  await expectClean(fleet.run);
});

test('a change of one region alone is refused before any vote', async () => {
  await write('tenant', `DO $$ BEGIN
    IF current_setting('pgveneer.tenant') = 'usa' THEN ALTER TABLE shared.identity_details ADD COLUMN odd int; END IF;
  END $$`); // prettier-ignore
  const report = await fleet.run.up();
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.message).toMatch(
    /usa.identity_details is a partition of shared.identity_details/,
  );
  expect(await fleet.query(REGIONS.usa, "SELECT FROM pg_attribute WHERE attname = 'odd'")).toEqual([]);
  await fleet.writeMigration(`${String(count).padStart(4, '0')}_change.sql`, 'SELECT 1');
  expect(await fleet.run.up()).toMatchObject(committed);
});
