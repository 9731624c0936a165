import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario({ shared: true });

beforeAll(() => s.start('CREATE TABLE books (id int)'));

const asApp = (sql: string): Promise<Record<string, unknown>[]> => s.fleet.query('veneer', sql, 'app');

/** Values of the only column. */
const column = async (sql: string): Promise<unknown[]> =>
  (await asApp(sql)).map((row) => Object.values(row)[0]);

/** Of a type in a tenant's schema: `@x` is a name that each case has for itself. */
interface Case {
  /** Migrations; after each the veneer is what IMPORT would make of the shards. */
  readonly migrations: readonly string[];
  /** Run by the application through the veneer, afterwards. */
  readonly write?: string;
  readonly read: string;
  readonly rows: readonly unknown[];
  /** A statement through the veneer that must fail, and how. */
  readonly refused?: readonly [sql: string, error: RegExp];
}

const MOODS = `CREATE TYPE @mood AS ENUM ('sad', 'ok', 'happy'); CREATE TABLE @t (m @mood)`;
const IN_ORDER = `SELECT m::text AS v FROM cyberdyne.@t WHERE m > 'sad' ORDER BY m`;

const CASES: Readonly<Record<string, Case>> = {
  'an enum sorts and compares by its labels, not by the alphabet': {
    migrations: [MOODS],
    write: `INSERT INTO cyberdyne.@t VALUES ('happy'), ('ok'), ('sad')`,
    read: IN_ORDER,
    rows: ['ok', 'happy'],
    refused: [`INSERT INTO cyberdyne.@t VALUES ('angry')`, /invalid input value for enum/],
  },
  'ADD VALUE at both ends and between, each in its place': {
    migrations: [
      MOODS,
      `ALTER TYPE @mood ADD VALUE 'angry' BEFORE 'sad'; ALTER TYPE @mood ADD VALUE 'good' AFTER 'ok';
       ALTER TYPE @mood ADD VALUE 'great'`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('great'), ('good'), ('happy'), ('angry')`,
    read: `SELECT m::text AS v FROM cyberdyne.@t WHERE m < 'great' ORDER BY m`,
    rows: ['angry', 'good', 'happy'],
  },
  'RENAME VALUE keeps the rows that have it, and swaps are no problem': {
    migrations: [
      `${MOODS}; INSERT INTO @t VALUES ('sad'), ('ok')`,
      `ALTER TYPE @mood RENAME VALUE 'sad' TO 'x'; ALTER TYPE @mood RENAME VALUE 'ok' TO 'sad';
       ALTER TYPE @mood RENAME VALUE 'x' TO 'ok'`,
    ],
    read: 'SELECT m::text AS v FROM cyberdyne.@t ORDER BY m',
    rows: ['ok', 'sad'],
  },
  'a label that goes makes the type anew': {
    migrations: [
      `${MOODS}; INSERT INTO @t VALUES ('happy')`,
      `ALTER TYPE @mood RENAME TO @old; CREATE TYPE @mood AS ENUM ('happy', 'sad');
       ALTER TABLE @t ALTER m TYPE @mood USING m::text::@mood; DROP TYPE @old`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('sad')`,
    read: 'SELECT m::text AS v FROM cyberdyne.@t ORDER BY m',
    rows: ['happy', 'sad'],
    refused: [`INSERT INTO cyberdyne.@t VALUES ('ok')`, /invalid input value for enum/],
  },
  'arrays of an enum, and a table of its own kind': {
    migrations: [`CREATE TYPE @mood AS ENUM ('b', 'a'); CREATE TABLE @t (m @mood[], n @mood[] NOT NULL)`],
    write: `INSERT INTO cyberdyne.@t VALUES ('{a,b}', '{b}')`,
    read: 'SELECT (m || n)::text AS v FROM cyberdyne.@t',
    rows: ['{a,b,b}'],
  },
  'a domain with checks, a default and NOT NULL': {
    migrations: [
      `CREATE DOMAIN @code AS varchar(5) COLLATE "C" DEFAULT 'none' NOT NULL CONSTRAINT upper CHECK (VALUE = upper(VALUE) OR VALUE = 'none');
       CREATE TABLE @t (c @code)`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('ABC')`,
    read: 'SELECT c FROM cyberdyne.@t',
    rows: ['ABC'],
    refused: [`INSERT INTO cyberdyne.@t VALUES ('abc')`, /violates check constraint "upper"/],
  },
  'ALTER DOMAIN: constraints added, dropped and renamed, NOT NULL, DEFAULT': {
    migrations: [
      `CREATE DOMAIN @code AS int CONSTRAINT low CHECK (VALUE > 0) CONSTRAINT high CHECK (VALUE < 10);
       CREATE TABLE @t (c @code)`,
      `ALTER DOMAIN @code DROP CONSTRAINT high; ALTER DOMAIN @code ADD CONSTRAINT even CHECK (VALUE % 2 = 0);
       ALTER DOMAIN @code RENAME CONSTRAINT low TO positive; ALTER DOMAIN @code SET DEFAULT 2; ALTER DOMAIN @code SET NOT NULL`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES (12)`,
    read: 'SELECT c FROM cyberdyne.@t',
    rows: [12],
    refused: [`INSERT INTO cyberdyne.@t VALUES (-2)`, /violates check constraint "positive"/],
  },
  'a check that is not validated is left out, so that rows from before it are read; and comes when it is': {
    migrations: [
      `CREATE DOMAIN @code AS int; CREATE TABLE @t (c @code); INSERT INTO @t VALUES (-1);
       ALTER DOMAIN @code ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID`,
      `INSERT INTO @t VALUES (1)`,
    ],
    read: 'SELECT sum(c) FROM cyberdyne.@t',
    rows: ['0'],
    // The shard refuses it: the veneer does not know the check.
    refused: [`INSERT INTO cyberdyne.@t VALUES (-2)`, /violates check constraint "positive"/],
  },
  'VALIDATE CONSTRAINT brings a check of a domain': {
    migrations: [
      `CREATE DOMAIN @code AS int; CREATE TABLE @t (c @code); INSERT INTO @t VALUES (-1);
       ALTER DOMAIN @code ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID`,
      `DELETE FROM @t; ALTER DOMAIN @code VALIDATE CONSTRAINT positive`,
    ],
    read: `SELECT conname::text FROM pg_constraint WHERE contypid = 'cyberdyne.@code'::regtype AND contype = 'c'`,
    rows: ['positive'],
  },
  'a domain over another base type is made anew': {
    migrations: [
      `CREATE DOMAIN @code AS int; CREATE DOMAIN @more AS @code; CREATE TABLE @t (c @code, m @more[])`,
      `ALTER TABLE @t ALTER c TYPE int, ALTER m TYPE int[]; DROP DOMAIN @more; DROP DOMAIN @code;
       CREATE DOMAIN @code AS numeric(6,2); CREATE DOMAIN @more AS @code;
       ALTER TABLE @t ALTER c TYPE @code, ALTER m TYPE @more[]`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES (1.25, '{2.5}')`,
    read: 'SELECT c + m[1] FROM cyberdyne.@t',
    rows: ['3.75'],
  },
  'a composite type, with its attributes added, dropped, retyped and renamed': {
    migrations: [
      'CREATE TYPE @place AS (street text, no int, town text); CREATE TABLE @t (p @place, q @place[])',
      `ALTER TYPE @place RENAME ATTRIBUTE town TO city; ALTER TYPE @place DROP ATTRIBUTE no;
       ALTER TYPE @place ADD ATTRIBUTE zip varchar(5)`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES (('Elm', 'Rome', '00100'), ARRAY[('a', 'b', 'c')::cyberdyne.@place])`,
    read: `SELECT (p).city || (p).zip || (q[1]).zip FROM cyberdyne.@t`,
    rows: ['Rome00100c'],
  },
  'a range and its multirange, over a domain': {
    migrations: [
      `CREATE DOMAIN @cents AS int CHECK (VALUE >= 0);
       CREATE TYPE @prices AS RANGE (subtype = @cents); CREATE TABLE @t (r @prices)`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('[1,5)')`,
    read: 'SELECT (upper(r) - lower(r))::int FROM cyberdyne.@t WHERE r @> 2::cyberdyne.@cents',
    rows: [4],
  },
  'a range that is made anew with another difference function': {
    migrations: [
      `CREATE TYPE @prices AS RANGE (subtype = float8); CREATE TABLE @t (r @prices)`,
      'ALTER TABLE @t DROP r; DROP TYPE @prices',
      `CREATE TYPE @prices AS RANGE (subtype = float8, subtype_diff = float8mi);
       ALTER TABLE @t ADD r @prices`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('[1,5)')`,
    read: 'SELECT upper(r) FROM cyberdyne.@t',
    rows: [5],
  },
  'a range that is made anew while columns, arrays and multiranges of it are there': {
    migrations: [
      `CREATE TYPE @prices AS RANGE (subtype = float8); CREATE TABLE @t (r @prices, a @prices[], m @prices_multirange);
       INSERT INTO @t VALUES ('[1,5)', '{"[2,3)"}', '{[1,2),[3,4)}')`,
      `ALTER TABLE @t ALTER r TYPE text, ALTER a TYPE text, ALTER m TYPE text; DROP TYPE @prices;
       CREATE TYPE @prices AS RANGE (subtype = numeric, multirange_type_name = @many);
       ALTER TABLE @t ALTER r TYPE @prices USING r::@prices, ALTER a TYPE @prices[] USING a::@prices[], ALTER m TYPE @many USING m::@many`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('[1.5,2.5)', '{}', '{[1.5,2.5)}')`,
    read: 'SELECT (upper(r) + upper(m))::text FROM cyberdyne.@t ORDER BY 1',
    rows: ['5.0', '9'],
  },
  'types of types: an enum in a composite in a domain in an array': {
    migrations: [
      `CREATE TYPE @mood AS ENUM ('sad', 'ok'); CREATE TYPE @entry AS (at date, m @mood);
       CREATE DOMAIN @good AS @entry CHECK ((VALUE).m <> 'sad'::@mood); CREATE TABLE @t (days @good[])`,
      `ALTER TYPE @mood RENAME VALUE 'ok' TO 'fine'; ALTER TYPE @entry ADD ATTRIBUTE note text`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES (ARRAY[('2026-01-02', 'fine', 'x')::cyberdyne.@entry])`,
    read: `SELECT (days[1]).m::text || (days[1]).note FROM cyberdyne.@t`,
    rows: ['finex'],
  },
  'ALTER TYPE RENAME, which leaves no lock to be seen': {
    migrations: [
      `${MOODS}; CREATE DOMAIN @d AS @mood; ALTER TABLE @t ADD d @d; INSERT INTO @t VALUES ('ok', 'happy')`,
      'ALTER TYPE @mood RENAME TO @humor; ALTER DOMAIN @d RENAME TO @e',
    ],
    read: `SELECT ('sad'::cyberdyne.@humor < m AND pg_typeof(d) = 'cyberdyne.@e'::regtype) FROM cyberdyne.@t`,
    rows: [true],
  },
  'two types that swap their names': {
    migrations: [
      `CREATE TYPE @a AS ENUM ('x'); CREATE TYPE @b AS ENUM ('y'); CREATE TABLE @t (a @a, b @b);
       INSERT INTO @t VALUES ('x', 'y')`,
      'ALTER TYPE @a RENAME TO @c; ALTER TYPE @b RENAME TO @a; ALTER TYPE @c RENAME TO @b',
    ],
    read: `SELECT (a = 'x'::cyberdyne.@b AND b = 'y'::cyberdyne.@a) FROM cyberdyne.@t`,
    rows: [true],
  },
  'a type of a savepoint, and a column of it': {
    migrations: [
      MOODS,
      `DO $$ BEGIN BEGIN ALTER TYPE @mood ADD VALUE 'up'; EXCEPTION WHEN others THEN RAISE; END; END $$`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('up')`,
    read: 'SELECT m::text AS v FROM cyberdyne.@t',
    rows: ['up'],
  },
  'a label is a default, also a new one, and one that is renamed': {
    migrations: [
      `${MOODS}; ALTER TABLE @t ADD id int, ALTER m SET DEFAULT 'sad', ADD all_of_them @mood[] NOT NULL DEFAULT '{sad}',
         ADD two @mood[] DEFAULT ARRAY['ok'::@mood, 'sad']`,
      `ALTER TYPE @mood ADD VALUE 'good'`,
      `ALTER TABLE @t ALTER m SET DEFAULT 'good'; ALTER TYPE @mood RENAME VALUE 'sad' TO 'blue'`,
    ],
    write: `INSERT INTO cyberdyne.@t (id) VALUES (1)`,
    read: `SELECT concat_ws(' ', m, all_of_them, two) AS v FROM cyberdyne.@t`,
    rows: ['good {blue} {ok,blue}'],
  },
  'a default follows a type that is made anew': {
    migrations: [
      `${MOODS}; ALTER TABLE @t ADD id int, ALTER m SET DEFAULT 'ok'`,
      `ALTER TABLE @t ALTER m DROP DEFAULT, ALTER m TYPE text; DROP TYPE @mood; CREATE TYPE @mood AS ENUM ('fine', 'ok');
       ALTER TABLE @t ALTER m TYPE @mood USING m::@mood, ALTER m SET DEFAULT 'fine'`,
    ],
    write: `INSERT INTO cyberdyne.@t (id) VALUES (1)`,
    read: `SELECT m::text AS v FROM cyberdyne.@t`,
    rows: ['fine'],
  },
  'a domain and a composite are the types of defaults': {
    migrations: [
      `CREATE DOMAIN @code AS text CHECK (VALUE <> ''); CREATE TYPE @place AS (street text, no int);
       CREATE TABLE @t (id int, c @code NOT NULL DEFAULT 'x', p @place DEFAULT '("Main St",5)'::@place)`,
    ],
    write: `INSERT INTO cyberdyne.@t (id) VALUES (1)`,
    read: `SELECT c || p::text AS v FROM cyberdyne.@t`,
    rows: ['x("Main St",5)'],
  },
  'labels, types and schemas that need quotes': {
    migrations: [
      `CREATE TYPE "@O'Brien ""x" AS ENUM ('it''s', E'back\\\\slash', '"'); CREATE TABLE @t (m "@O'Brien ""x")`,
      `ALTER TYPE "@O'Brien ""x" ADD VALUE 'o''clock' AFTER 'it''s'`,
    ],
    write: `INSERT INTO cyberdyne.@t VALUES ('"'), ('o''clock')`,
    read: 'SELECT m::text AS v FROM cyberdyne.@t ORDER BY m',
    rows: [`o'clock`, '"'],
  },
};

test.each(Object.entries(CASES).map(([name, one], index) => [name, one, `x${index}_`] as const))(
  '%s',
  async (_, { migrations, write, read, rows, refused }, prefix) => {
    const named = (sql: string): string =>
      sql.replaceAll('@>', '\u0001').replaceAll('@', prefix).replaceAll('\u0001', '@>');
    for (const sql of migrations) await s.migrate(named(sql));
    if (write !== undefined) await asApp(named(write));
    expect(await column(named(read))).toEqual(rows);
    if (refused !== undefined) await expect(asApp(named(refused[0]))).rejects.toThrow(refused[1]);
    expect((await s.run.status()).drift).toEqual([]);
  },
);

test('a type that its shard drops is dropped on the veneer, once nothing is made of it', async () => {
  await s.migrate(
    `CREATE TYPE gone AS ENUM ('a'); CREATE TYPE more AS (g gone[]); CREATE TABLE leaving (m more)`,
  );
  await s.migrate('DROP TABLE leaving; DROP TYPE more; DROP TYPE gone');
  const left = `SELECT typname FROM pg_type WHERE typname IN ('gone', 'more') AND typnamespace = 'initech'::regnamespace`;
  expect(await s.fleet.query('veneer', left)).toEqual([]);
});

test('a view over a column of a range that is made anew is the same afterwards', async () => {
  await s.migrate(
    `CREATE TYPE span AS RANGE (subtype = float8); CREATE TABLE trips (r span); INSERT INTO trips VALUES ('[1,2)')`,
  );
  await s.fleet.query(
    'veneer',
    `CREATE VIEW public.spans AS SELECT r, upper(r) AS until FROM cyberdyne.trips; COMMENT ON VIEW public.spans IS 'kept';
     COMMENT ON TYPE cyberdyne.span IS 'kept'`,
  );
  await s.migrate(`ALTER TABLE trips ALTER r TYPE text; DROP TYPE span; CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
                   ALTER TABLE trips ALTER r TYPE span USING r::span`);
  expect(
    await s.fleet.query(
      'veneer',
      `SELECT until, obj_description('public.spans'::regclass) AS view, obj_description('cyberdyne.span'::regtype, 'pg_type') AS type FROM public.spans`,
    ),
  ).toEqual([{ until: 2, view: 'kept', type: 'kept' }]);
  await s.fleet.query('veneer', 'DROP VIEW public.spans');
});

test('a view over a column whose type is made anew is the same afterwards', async () => {
  await s.migrate(
    `CREATE TYPE size AS ENUM ('s', 'm', 'l'); CREATE TABLE shirts (s size); INSERT INTO shirts VALUES ('l')`,
  );
  await s.fleet.query('veneer', 'CREATE VIEW public.sizes AS SELECT s FROM cyberdyne.shirts');
  await s.migrate(`ALTER TABLE shirts ALTER s TYPE text; DROP TYPE size; CREATE TYPE size AS ENUM ('l', 's');
                   ALTER TABLE shirts ALTER s TYPE size USING s::size`);
  expect(await s.fleet.query('veneer', 'SELECT s::text FROM public.sizes')).toEqual([{ s: 'l' }]);
  await s.fleet.query('veneer', 'DROP VIEW public.sizes');
});
