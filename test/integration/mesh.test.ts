import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn } from '../support/commands.js';
import { meshFleet, regionNames, type MeshFleet } from '../support/mesh-fleet.js';

let fleet: MeshFleet;
let count = 0;

beforeAll(async () => {
  fleet = await meshFleet();
  expect(await fleet.run.setup()).toMatchObject({
    problems: [],
    exitCode: 0,
    members: regionNames.toSorted().map((member) => ({ member, role: 'shard+veneer', state: 'done' })),
  });
});

afterAll(() => fleet.close());

const migrate = async (sql: string, options: Parameters<MeshFleet['run']['up']>[0] = {}) => {
  await fleet.writeMigration(`${String(++count).padStart(4, '0')}_change.sql`, sql);
  return fleet.run.up(options);
};

/** Everything is where it belongs: nothing drifts, nothing is pending, in doubt, or left behind. */
const expectClean = async (): Promise<void> => {
  expect(await fleet.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode: 0 });
  expect(await fleet.everywhere('SELECT * FROM pgveneer.step')).toEqual([[], [], []]);
};

test('a name under veneers and shards is one member: locked, set up and shown once', async () => {
  expect(await fleet.run.setup()).toMatchObject({
    members: regionNames.map(() => ({ state: 'nothing to do' })),
  });
  const { members } = await fleet.run.status();
  expect(members.map(({ member, role }) => `${member} ${role}`)).toEqual(
    regionNames.toSorted().map((name) => `${name} shard+veneer`),
  );
  const servers = await fleet.in('usa', 'SELECT srvname FROM pg_foreign_server ORDER BY 1');
  expect(servers.map(({ srvname }) => srvname)).toEqual(['aus_server', 'gbr_server']);
});

test('members in both roles are one participant each, and all of them one group', async () => {
  const taking: unknown[] = [];
  const watching = commandsOn(fleet, {
    at: async (point) => {
      if (point !== 'after intent') return;
      const sql = `SELECT p->>'role' AS role, p->>'member' AS member
                     FROM pgveneer.intent, jsonb_array_elements(participants) AS p`;
      taking.push(...(await fleet.in('aus', sql)));
    },
  });
  await fleet.writeMigration(`${String(++count).padStart(4, '0')}_books.sql`, 'CREATE TABLE books (id int PRIMARY KEY, title text)'); // prettier-ignore
  expect(await watching.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect(taking).toEqual(regionNames.map((member) => ({ role: 'shard+veneer', member })));
  await expectClean();
});

test('every region shows the others, and never what it owns itself', async () => {
  await fleet.everywhere('INSERT INTO gbr.books VALUES (inet_server_port(), current_database())');
  const counts = await fleet.everywhere('SELECT count(*)::int AS n FROM gbr.books');
  expect(counts).toEqual([[{ n: 3 }], [{ n: 3 }], [{ n: 3 }]]);
  const shown = await fleet.in('gbr', 'SELECT foreign_table_schema AS s FROM information_schema.foreign_tables ORDER BY 1'); // prettier-ignore
  expect(shown.map(({ s }) => s)).toEqual(['aus', 'usa']);
});

test.each([
  'ALTER TABLE books ADD COLUMN pages int DEFAULT 1',
  'ALTER TABLE books RENAME COLUMN pages TO leaves',
  'ALTER TABLE books ALTER COLUMN leaves SET NOT NULL',
  'ALTER TABLE books DROP COLUMN leaves',
  'ALTER TABLE books RENAME TO tomes',
  'ALTER TABLE tomes RENAME TO books',
])('%s moves in all regions in one step', async (sql) => {
  expect(await migrate(sql)).toMatchObject({ problems: [], exitCode: 0 });
  await expectClean();
});

test('a rewrite is refused in a mesh, and done when everybody is kept out', async () => {
  const report = await migrate('ALTER TABLE books ALTER COLUMN id TYPE bigint');
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]).toMatchObject({ hint: expect.stringMatching(/--offline/) });
  expect(await fleet.run.up({ offline: true })).toMatchObject({ problems: [], exitCode: 0 });
  await expectClean();
});

test('a run that dies half way in a mesh is brought to its end', async () => {
  for (const point of ['after prepare:gbr', 'after commit prepared:gbr', 'before close']) {
    await fleet.writeMigration(`${String(++count).padStart(4, '0')}_more.sql`, `ALTER TABLE books ADD COLUMN c${count} int`); // prettier-ignore
    const dying = commandsOn(fleet, {
      at: async (reached) => {
        if (reached === point) throw new Error('dead');
      },
    });
    await dying.up();
    expect(await fleet.run.recover()).toMatchObject({ problems: [], exitCode: 0 });
    expect(await fleet.run.up()).toMatchObject({ problems: [], exitCode: 0 });
    await expectClean();
  }
});
