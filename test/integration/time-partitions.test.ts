import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { committed } from '../support/outcomes.js';
import { yearsYaml } from '../support/years-yaml.js';

const yaml = (fleet: string): string =>
  yearsYaml(fleet, { table: 'box2_schema.temperatures', parent: 'box1_schema.temperatures' });

let fleet: TestFleet;
let run: Commands;
let count = 0;

const YEAR = '(day date NOT NULL, degrees numeric(4, 1))';

const migrate = async (sql: string): ReturnType<Commands['up']> => {
  await fleet.writeMigration(`shard/${String(++count).padStart(4, '0')}_change.sql`, sql);
  return run.up();
};

/** Attached to the parent, by year, with the bounds that PostgreSQL shows. */
const partitions = async (): Promise<unknown> =>
  (
    await fleet.query(
      'veneer',
      `SELECT c.relname || ' ' || pg_get_expr(c.relpartbound, c.oid) AS partition
         FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'box1_schema.temperatures'::regclass ORDER BY 1`,
    )
  ).map(({ partition }) => partition);

beforeAll(async () => {
  fleet = await freshFleet({ config: yaml });
  run = commandsOn(fleet);
  const { mkdir } = await import('node:fs/promises');
  await mkdir(`${fleet.dir}/migrations/shard`);
  expect(await run.setup()).toMatchObject(committed);
  await fleet.query(
    'veneer',
    `CREATE TABLE box1_schema.temperatures ${YEAR} PARTITION BY RANGE (day);
     CREATE TABLE box1_schema.temperatures_default PARTITION OF box1_schema.temperatures DEFAULT`,
  );
  expect(
    await migrate(
      `CREATE TABLE box2_schema.temperatures_2023 ${YEAR}; CREATE TABLE box2_schema.temperatures_2024 ${YEAR}`,
    ),
  ).toMatchObject(committed);
});

afterAll(() => fleet.close());

test('a year is created on the shard, exposed and attached by one migration', async () => {
  expect(await partitions()).toEqual([
    "temperatures_2023 FOR VALUES FROM ('2023-01-01') TO ('2024-01-01')",
    "temperatures_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    'temperatures_default DEFAULT',
  ]);
  await fleet.query(
    'veneer',
    "INSERT INTO box1_schema.temperatures VALUES ('2024-05-01', 20.5), ('1999-01-01', 1)",
  );
  expect(await fleet.query('shard1', 'SELECT degrees FROM box2_schema.temperatures_2024')).toEqual([
    { degrees: '20.5' },
  ]);
  expect(await run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0 });
});

test('a foreign partition has no column_name options, so that it follows its parent', async () => {
  const rows = await fleet.query(
    'veneer',
    `SELECT attfdwoptions AS options FROM pg_attribute
      WHERE attrelid = 'box1_schema.temperatures_2024'::regclass AND attnum > 0`,
  );
  expect(rows).toEqual([{ options: null }, { options: null }]);
});

const onAll = (action: string): string =>
  [2023, 2024].map((year) => `ALTER TABLE box2_schema.temperatures_${year} ${action}`).join('; ');

test.each([
  'ADD COLUMN place text',
  'RENAME COLUMN place TO station',
  "ALTER COLUMN station SET DEFAULT 'somewhere'",
  'ALTER COLUMN degrees TYPE numeric(6, 2)',
  'DROP COLUMN station',
])('a change of every partition is made on the parent, once: %s', async (action) => {
  const report = await migrate(onAll(action));
  expect(report).toMatchObject(committed);
  const statements = report.shards.flatMap(({ steps }) =>
    steps.flatMap(({ veneerStatements }) => veneerStatements.box1 ?? []),
  );
  expect(statements).toHaveLength(1);
  expect(statements[0]).toMatch(/^ALTER TABLE "box1_schema"."temperatures" /);
  expect(await run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0 });
  expect(await fleet.query('veneer', 'SELECT degrees::int FROM box1_schema.temperatures ORDER BY 1')).toEqual(
    [{ degrees: 1 }, { degrees: 21 }],
  );
});

test('views over the parent and over a partition are put aside while the type changes, and restored whole', async () => {
  await fleet.query(
    'veneer',
    `CREATE VIEW box1_schema.warm WITH (security_barrier) AS SELECT day, degrees FROM box1_schema.temperatures WHERE degrees > 10;
     CREATE VIEW box1_schema.old AS SELECT max(degrees) FROM box1_schema.temperatures_2023;
     COMMENT ON VIEW box1_schema.warm IS 'kept'; GRANT SELECT (day) ON box1_schema.warm TO PUBLIC`,
  );
  const facts = `SELECT c.relname, c.reloptions, c.relacl::text, obj_description(c.oid, 'pg_class') AS comment,
                        (SELECT attacl::text FROM pg_attribute WHERE attrelid = c.oid AND attnum = 1)
                   FROM pg_class c WHERE relnamespace = 'box1_schema'::regnamespace AND relkind = 'v' ORDER BY 1`;
  const before = await fleet.query('veneer', facts);
  expect(await migrate(onAll('ALTER COLUMN degrees TYPE double precision'))).toMatchObject(committed);
  expect(await fleet.query('veneer', facts)).toEqual(before);
  expect(await fleet.query('veneer', 'SELECT degrees FROM box1_schema.warm')).toEqual([{ degrees: 20.5 }]);
  expect(await run.status()).toMatchObject({ drift: [], problems: [], exitCode: 0 });
});

test('a view over a column of the parent that every partition drops refuses the step by name', async () => {
  const report = await migrate(onAll('DROP COLUMN degrees'));
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]).toMatchObject({
    message: expect.stringMatching(/^view box1_schema.old, view box1_schema.warm stand in the way on box1/),
    detail: expect.stringContaining('depends on column degrees of table box1_schema.temperatures'),
  });
  expect(await fleet.query('shard1', 'SELECT degrees FROM box2_schema.temperatures_2024')).toHaveLength(1);
  await fleet.query('veneer', 'DROP VIEW box1_schema.old, box1_schema.warm');
  await fleet.writeMigration(`shard/${String(count).padStart(4, '0')}_change.sql`, 'SELECT 1');
  expect(await run.up()).toMatchObject(committed);
});

test('a change that only some partitions have is refused before any vote', async () => {
  const report = await migrate('ALTER TABLE box2_schema.temperatures_2024 ADD COLUMN wind int');
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]?.message).toMatch(
    /temperatures_2024 is a partition of .*: box1_schema.temperatures_2023$/,
  );
  await fleet.writeMigration(
    `shard/${String(count).padStart(4, '0')}_change.sql`,
    onAll('ADD COLUMN wind int'),
  );
  expect(await run.up()).toMatchObject(committed);
});

test('rows in DEFAULT that belong to the new partition are refused with their number and the way out', async () => {
  await fleet.query(
    'veneer',
    "INSERT INTO box1_schema.temperatures VALUES ('2025-01-01', 1), ('2025-02-01', 2)",
  );
  const report = await migrate(
    'CREATE TABLE box2_schema.temperatures_2025 (LIKE box2_schema.temperatures_2024)',
  );
  expect(report).toMatchObject({ exitCode: 20 });
  expect(report.problems[0]).toMatchObject({
    message: expect.stringMatching(/^2 rows in box1_schema.temperatures_default, the DEFAULT partition/),
    hint: expect.stringMatching(
      /delete them from box1_schema.temperatures_default, run migrate up again, and insert/,
    ),
  });
  await fleet.query('veneer', "DELETE FROM box1_schema.temperatures_default WHERE day >= '2025-01-01'");
  expect(await run.up()).toMatchObject(committed);
  expect(await partitions()).toHaveLength(4);
});

test('bounds that overlap are refused in words', async () => {
  await fleet.query(
    'veneer',
    `CREATE TABLE box1_schema.mine PARTITION OF box1_schema.temperatures FOR VALUES FROM ('2026-06-01') TO ('2026-07-01')`,
  );
  const report = await migrate(
    'CREATE TABLE box2_schema.temperatures_2026 (LIKE box2_schema.temperatures_2024)',
  );
  expect(report.problems[0]).toMatchObject({
    message: expect.stringMatching(/cannot become a partition of box1_schema.temperatures: .*overlap/),
    hint: expect.stringMatching(/bounds/),
  });
  await fleet.query('veneer', 'DROP TABLE box1_schema.mine');
  expect(await run.up()).toMatchObject(committed);
});

test('a detached partition is drift, and sync attaches it', async () => {
  await fleet.query(
    'veneer',
    'ALTER TABLE box1_schema.temperatures DETACH PARTITION box1_schema.temperatures_2023',
  );
  expect(await run.status()).toMatchObject({
    exitCode: 11,
    drift: [{ kind: 'partition', grade: 'invisible', object: 'box1_schema.temperatures_2023' }],
  });
  expect(await run.sync()).toMatchObject(committed);
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('an old year is detached and dropped with its table', async () => {
  expect(await migrate('DROP TABLE box2_schema.temperatures_2023')).toMatchObject(committed);
  expect(await partitions()).toEqual([
    "temperatures_2024 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    "temperatures_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01')",
    "temperatures_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')",
    'temperatures_default DEFAULT',
  ]);
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

const withBounds = async (bounds: string): ReturnType<Commands['setup']> => {
  await fleet.writeConfig(yaml(fleet.name).replace(/bounds: .*/, () => `bounds: ${bounds}`));
  return run.setup();
};

test('bounds that are written otherwise, and are the same, are no problem', async () => {
  expect(
    await withBounds('FROM (make_date({year}, 2 - 1, 1)) TO (make_date({year}, 12, 31) + 1)'),
  ).toMatchObject(committed);
});

test('bounds that shards.yaml has changed are told by setup with the way out, which leads there', async () => {
  const report = await withBounds('FROM (make_date({year}, 1, 1)) TO (make_date({year}, 7, 1))');
  expect(report).toMatchObject({ exitCode: 20, members: [{ state: 'nothing to do' }, { state: 'failed' }] });
  expect(report.problems[0]?.message).toBe(
    "box1_schema.temperatures_2024 is attached to box1_schema.temperatures FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')" +
      ", and shards.yaml says FOR VALUES FROM ('2024-01-01') TO ('2024-07-01')",
  );
  expect(await run.status({ verify: true })).toMatchObject({
    exitCode: 11,
    problems: [],
    drift: [2024, 2025, 2026].map((year) => ({
      kind: 'partition',
      grade: 'wrong answers',
      object: `box1_schema.temperatures_${year}`,
      text: expect.stringContaining(
        `and shards.yaml says FOR VALUES FROM ('${year}-01-01') TO ('${year}-07-01')`,
      ),
      cure: expect.stringContaining('DETACH PARTITION'),
    })),
  });
  expect(await run.status()).toMatchObject({ drift: [], exitCode: 0 });
  expect(await fleet.query('veneer', `SELECT to_regclass('pg_temp.pgveneer_parent') AS left`)).toEqual([
    { left: null },
  ]);
  for (const year of [2024, 2025, 2026]) {
    const [statement] = /ALTER TABLE .* DETACH PARTITION \S+/.exec(
      (await run.setup()).problems[0]?.hint ?? '',
    ) ?? [''];
    expect(statement).toContain(`temperatures_${year}`);
    await fleet.query('veneer', statement);
  }
  expect(await run.sync()).toMatchObject(committed);
  expect(await run.setup()).toMatchObject(committed);
  expect(await partitions()).toContain("temperatures_2024 FOR VALUES FROM ('2024-01-01') TO ('2024-07-01')");
});

test('bounds that meet each other are told by setup in the words of PostgreSQL', async () => {
  const report = await withBounds("FROM ('2020-01-01') TO ('2030-01-01')");
  expect(report.exitCode).toBe(20);
  expect(report.problems[0]?.message).toBe(
    'the bounds of the partitions of box1_schema.temperatures cannot be those of shards.yaml: ' +
      'partition box1_schema.temperatures_2025 would overlap partition box1_schema.temperatures_2024',
  );
  expect(await run.status({ verify: true })).toMatchObject({ exitCode: 20, problems: [report.problems[0]] });
});

const CHANGED = 'FROM (make_date({year}, 1, 1)) TO (make_date({year}, 7, 1))';

test('a parent that another session locks is told as that', async () => {
  const holder = await fleet.connect('veneer');
  await holder.query('BEGIN; LOCK box1_schema.temperatures IN ACCESS EXCLUSIVE MODE');
  try {
    const report = await withBounds(`${CHANGED}\nrollout: { lock_wait: 50ms }`);
    expect(report.problems).toEqual([
      expect.objectContaining({
        message:
          'the bounds of the partitions of box1_schema.temperatures were not compared: another session locks it',
        exitCode: 23,
      }),
    ]);
  } finally {
    await holder.end();
  }
});

test('status says so where it may not compare the bounds; setup leaves it to the next ATTACH', async () => {
  await fleet.query('veneer', 'ALTER TABLE box1_schema.temperatures OWNER TO CURRENT_USER', 'superuser');
  expect(await withBounds(CHANGED)).toMatchObject(committed);
  expect(await run.status({ verify: true })).toMatchObject({
    exitCode: 23,
    problems: [
      {
        message: expect.stringMatching(
          /^the bounds of the partitions of box1_schema.temperatures were not compared: permission denied/,
        ),
      },
    ],
  });
});
