import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { exampleFleet, type ExampleFleet } from '../support/example-fleet.js';
import { clean, committed } from '../support/outcomes.js';

let fleet: ExampleFleet;

beforeAll(async () => {
  fleet = await exampleFleet('time-partitions');
});

afterAll(() => fleet.close());

/** The partitions of the parent on box1: name and kind, `f` is a foreign table. */
const partitions = async (): Promise<unknown[]> => {
  const sql = `SELECT c.relname || ' ' || c.relkind::text AS partition
                 FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                WHERE i.inhparent = 'box1_schema.temperatures'::regclass ORDER BY 1`;
  return (await fleet.query('box1', sql)).map(({ partition }) => partition);
};

let day = 0;

/** Applies SQL as the next migration of box2. */
const migrate = async (sql: string): ReturnType<ExampleFleet['run']['up']> => {
  const name = `202601${String(++day).padStart(2, '0')}090000000_change`;
  await fleet.write(`migrations/shard/${name}.sql`, sql);
  return fleet.run.up();
};

const years = (action: string): string =>
  [2024, 2025].map((year) => `ALTER TABLE box2_schema.temperatures_${year} ${action};`).join('\n');

test('its story is told to the end: years attached, rows in DEFAULT in the way, an old year dropped', async () => {
  const story = await fleet.tell();
  expect(story).toMatch(/2 rows in box1_schema.temperatures_default, the DEFAULT partition/);
  expect(await partitions()).toEqual([
    'temperatures_2024 f',
    'temperatures_2025 f',
    'temperatures_default r',
  ]);
  const left = await fleet.query('box1', "SELECT to_regclass('box1_schema.temperatures_2023') AS old");
  expect(left).toEqual([{ old: null }]);
  expect(await fleet.run.status()).toMatchObject(clean);
});

test('rows go to the year that they belong to, and are read from all', async () => {
  await fleet.query(
    'box1',
    `INSERT INTO box1_schema.temperatures VALUES ('2024-12-31', 'Bergen', 3), ('2025-01-02', 'Bergen', 4)`,
  );
  const [counts] = await fleet.query(
    'box2',
    `SELECT (SELECT count(*)::int FROM box2_schema.temperatures_2024 WHERE city = 'Bergen') AS y2024,
            (SELECT count(*)::int FROM box2_schema.temperatures_2025 WHERE city = 'Bergen') AS y2025`,
  );
  expect(counts).toEqual({ y2024: 1, y2025: 1 });
  const all = await fleet.query(
    'box1',
    'SELECT extract(year FROM day)::int AS year FROM box1_schema.temperatures ORDER BY day',
  );
  expect(all.map(({ year }) => year)).toEqual([1999, 2024, 2024, 2025, 2025, 2025]);
});

test('a query for one year asks that year alone', async () => {
  const log = await fleet.logged('box2');
  await fleet.query('box1', "SELECT city FROM box1_schema.temperatures WHERE day = '2025-01-02'");
  expect((await log()).match(/FROM box2_schema\.\w+/g)).toEqual(['FROM box2_schema.temperatures_2025']);
});

test.each([
  'ADD COLUMN humidity int',
  'RENAME COLUMN humidity TO moisture',
  'ALTER COLUMN degrees TYPE numeric(6, 2)',
  'DROP COLUMN moisture',
])('a column change moves partitions, DEFAULT and parent together: %s', async (action) => {
  expect(await migrate(years(action))).toMatchObject(committed);
  const columns = `SELECT json_agg(attname || ' ' || format_type(atttypid, atttypmod) ORDER BY attname) AS columns
                     FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
                    WHERE relnamespace = 'box1_schema'::regnamespace AND relkind IN ('p', 'r', 'f')
                      AND attnum > 0 AND NOT attisdropped
                    GROUP BY attrelid`;
  const [first, ...rest] = await fleet.query('box1', columns);
  expect(rest).toEqual([first, first, first]);
  expect(await fleet.run.status()).toMatchObject(clean);
});

test('rows in DEFAULT that belong to a new year are refused with their count, and the way out is walked', async () => {
  const early = `INSERT INTO box1_schema.temperatures (day, city) VALUES ('2026-01-01', 'Oslo'), ('2026-12-31', 'Oslo')`;
  await fleet.query('box1', early);
  const refused = await migrate(
    'CREATE TABLE box2_schema.temperatures_2026 (LIKE box2_schema.temperatures_2025 INCLUDING DEFAULTS)',
  );
  expect(refused).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringMatching(/^2 rows in box1_schema.temperatures_default/) }],
  });
  const made = await fleet.query('box2', "SELECT to_regclass('box2_schema.temperatures_2026') AS made");
  expect(made).toEqual([{ made: null }]);

  const aside = `CREATE TABLE box1_schema.aside AS SELECT * FROM box1_schema.temperatures_default WHERE day >= '2026-01-01';
                 DELETE FROM box1_schema.temperatures_default WHERE day >= '2026-01-01'`;
  await fleet.query('box1', aside);
  expect(await fleet.run.up()).toMatchObject(committed);
  const back = 'INSERT INTO box1_schema.temperatures SELECT * FROM box1_schema.aside; DROP TABLE box1_schema.aside'; // prettier-ignore
  await fleet.query('box1', back);
  expect(await fleet.query('box2', 'SELECT count(*)::int AS n FROM box2_schema.temperatures_2026')).toEqual([{ n: 2 }]); // prettier-ignore
});

test('a year that is renamed on box2 to what no rule exposes is detached and kept', async () => {
  expect(await migrate('ALTER TABLE box2_schema.temperatures_2024 RENAME TO archive_2024')).toMatchObject(
    committed,
  );
  expect(await partitions()).toEqual([
    'temperatures_2025 f',
    'temperatures_2026 f',
    'temperatures_default r',
  ]);
  expect(await fleet.query('box2', 'SELECT count(*)::int AS n FROM box2_schema.archive_2024')).toEqual([{ n: 2 }]); // prettier-ignore
  expect(await fleet.run.status()).toMatchObject(clean);
});
