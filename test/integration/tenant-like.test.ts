import { expect, test } from '@jest/globals';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { bookstoreYaml } from '../support/test-project.js';

const s = scenario();

/** One of each that is copied. */
const EVERYTHING = `
  CREATE TYPE mood AS ENUM ('good', 'ba''d'); CREATE TYPE pair AS (a int, b text COLLATE "C");
  CREATE DOMAIN small AS int DEFAULT 3 NOT NULL CHECK (value < 10);
  CREATE SEQUENCE alone AS smallint START 5 INCREMENT 5 MAXVALUE 100 CYCLE;
  CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE STRICT AS 'SELECT upper($1)';
  CREATE FUNCTION hash(a int, VARIADIC b int[] DEFAULT '{}') RETURNS int LANGUAGE plpgsql AS $x$ BEGIN RETURN a; END $x$;
  CREATE PROCEDURE nothing() LANGUAGE sql AS '';
  CREATE TABLE authors (id int GENERATED ALWAYS AS IDENTITY (START 7) PRIMARY KEY, gone int, name text NOT NULL DEFAULT 'nobody',
    mood mood DEFAULT 'good', n small, p pair, loud text GENERATED ALWAYS AS (upper(name)) STORED, k bigserial,
    CONSTRAINT short CHECK (length(shout(name)) < 100)) WITH (fillfactor = 70, toast.autovacuum_enabled = false);
  ALTER TABLE authors DROP COLUMN gone; ALTER TABLE authors ALTER name SET STORAGE EXTERNAL, ALTER name SET STATISTICS 42;
  CREATE TABLE books (id int PRIMARY KEY, author int REFERENCES authors ON DELETE CASCADE, title text COLLATE "C",
    during int4range, at timestamptz DEFAULT now(), nr int DEFAULT nextval('alone'), EXCLUDE USING gist (during WITH &&));
  ALTER TABLE books ADD CONSTRAINT late CHECK (title <> 'x') NOT VALID;
  ALTER TABLE books ADD CONSTRAINT later FOREIGN KEY (nr) REFERENCES authors NOT VALID;
  CREATE UNIQUE INDEX books_title ON books (shout(title), id) INCLUDE (nr) WHERE title IS NOT NULL;
  CREATE STATISTICS dep ON id, author FROM books;
  CREATE UNLOGGED TABLE scratch (a int, b int); ALTER TABLE scratch REPLICA IDENTITY FULL;
  CREATE TABLE parts (y int NOT NULL, d date, w text, PRIMARY KEY (y)) PARTITION BY RANGE (y);
  CREATE TABLE parts_2 (w text, y int NOT NULL, d date DEFAULT '2020-01-01');
  ALTER TABLE parts ATTACH PARTITION parts_2 FOR VALUES FROM (2) TO (3);
  CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (1) TO (2);
  CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
  CREATE INDEX parts_d ON parts (d); ALTER TABLE parts ADD FOREIGN KEY (y) REFERENCES authors;
  ALTER TABLE parts ADD CHECK (y > 0);
  CREATE VIEW titles WITH (security_barrier) AS SELECT b.id, title, shout(name) AS by, mood FROM books b JOIN authors a ON a.id = b.author;
  CREATE VIEW grouped AS SELECT a.*, count(*) AS n_books FROM authors a JOIN titles t ON t.by = a.name GROUP BY a.id;
  CREATE MATERIALIZED VIEW heard AS SELECT * FROM titles; CREATE INDEX heard_id ON heard (id);
  CREATE FUNCTION first(authors) RETURNS int STABLE BEGIN ATOMIC SELECT $1.id + count(*)::int FROM books; END;
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS
    $x$ BEGIN new.title := new.title || nextval(format('%I.alone', tg_table_schema)); RETURN new; END $x$;
  CREATE TRIGGER touched BEFORE INSERT ON books FOR EACH ROW WHEN (new.title <> '') EXECUTE FUNCTION touch();
  CREATE TRIGGER off AFTER UPDATE ON parts FOR EACH ROW EXECUTE FUNCTION touch(); ALTER TABLE parts DISABLE TRIGGER off;
  CREATE RULE quiet AS ON DELETE TO titles DO INSTEAD UPDATE books SET title = NULL WHERE id = old.id;
  ALTER TABLE scratch ENABLE ROW LEVEL SECURITY;
  CREATE POLICY mine ON scratch AS RESTRICTIVE FOR UPDATE TO bookstore_app USING (a = (SELECT max(id) FROM books)) WITH CHECK (b > 0);
  COMMENT ON COLUMN authors.name IS 'who''s who'; COMMENT ON FUNCTION shout(text) IS 'loud'; COMMENT ON DOMAIN small IS 'small';
  COMMENT ON CONSTRAINT short ON authors IS 'short'; COMMENT ON INDEX books_pkey IS 'key'; COMMENT ON TRIGGER touched ON books IS 't';
  REVOKE EXECUTE ON FUNCTION shout(text) FROM PUBLIC; GRANT SELECT (a) ON scratch TO PUBLIC; GRANT USAGE ON SEQUENCE alone TO bookstore_app`;

const add = (names: readonly string[], more: { shard?: string; like?: string; dryRun?: boolean } = {}) =>
  s.run.tenant({ action: 'add', names, shard: 'shard2', like: 'cyberdyne', dryRun: false, ...more });

const on = (member: string, sql: string): Promise<Record<string, unknown>[]> => s.fleet.query(member, sql);

const isClean = async (): Promise<void> => {
  expect(await s.run.status()).toMatchObject({ drift: [], problems: [], inDoubt: [], exitCode: 0 });
  expect((await s.run.up()).shards.map(({ state }) => state)).toEqual(Array(3).fill('up to date'));
};

/** Nobody of these is there, on the shard or on the veneer. */
const isNotMade = async (tenant: string): Promise<void> => {
  const sql = `SELECT FROM pg_namespace WHERE nspname = '${tenant}'`;
  expect([...(await on('shard2', sql)), ...(await on('veneer', sql))]).toEqual([]);
  expect(await on('shard2', `SELECT FROM pgveneer.ledger WHERE tenant = '${tenant}'`)).toEqual([]);
};

test('tenants made like another are what migrations would have made them, on its shard and on another one', async () => {
  await s.start(EVERYTHING);
  await s.fleet.writeMigration(
    'R__loudest.sql',
    'CREATE OR REPLACE VIEW loudest AS SELECT max(title) AS title FROM titles',
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  expect(await add(['hooli', `O'Brien "x"`])).toMatchObject({
    exitCode: 0,
    problems: [],
    tenants: [{ state: 'added' }, { state: 'added' }],
  });
  expect(await add(['acme'], { shard: 'shard1' })).toMatchObject({ exitCode: 0, problems: [] });
  await isClean();
  await assertLikeImport(s.fleet);
  expect(
    await on(
      'shard2',
      `SELECT DISTINCT migration, checksum, state FROM pgveneer.ledger WHERE scope = 'tenant'`,
    ),
  ).toHaveLength(2);
  await s.migrate(
    `ALTER TABLE books ADD COLUMN isbn text; ALTER TYPE mood ADD VALUE 'new'; ALTER TABLE parts ADD COLUMN e int`,
  );
  await isClean();
});

test('what is copied is its own: sequences, triggers, functions and views work on the copy alone', async () => {
  await s.start(EVERYTHING);
  const before = await on('shard2', 'SELECT last_value, is_called FROM cyberdyne.alone');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, problems: [] });
  await on(
    'shard2',
    `INSERT INTO hooli.authors (name) VALUES ('ann'); INSERT INTO hooli.books VALUES (1, 7, 't', NULL, now(), NULL)`,
  );
  await on('veneer', `UPDATE hooli.authors SET mood = 'ba''d'`);
  expect(await on('shard2', 'SELECT id, title, mood::text FROM hooli.titles')).toEqual([
    { id: 1, title: 't5', mood: "ba'd" },
  ]);
  expect(await on('shard2', 'SELECT hooli.first(a) AS n, id, k::int, loud FROM hooli.authors a')).toEqual([
    { n: 8, id: 7, k: 1, loud: 'ANN' },
  ]);
  expect(await on('shard2', 'SELECT last_value, is_called FROM cyberdyne.alone')).toEqual(before);
  await expect(
    on('shard2', 'INSERT INTO hooli.books VALUES (2, 99, NULL, NULL, NULL, NULL)'),
  ).rejects.toThrow('books_author_fkey');
  // The one that was copied has nothing that holds the other one.
  expect(
    await s.run.tenant({ action: 'drop', name: 'cyberdyne', shard: null, yes: true, dryRun: false }),
  ).toMatchObject({ exitCode: 0, problems: [] });
  expect(await on('shard2', 'SELECT title FROM hooli.titles')).toEqual([{ title: 't5' }]);
});

test('rows stay where they are: the report names the tables that hold some, and a dry run changes nothing', async () => {
  await s.start(`CREATE TABLE books (id int); CREATE TABLE kinds AS SELECT 'novel' AS kind`);
  expect(await add(['hooli'], { dryRun: true })).toMatchObject({
    exitCode: 0,
    tenants: [{ state: 'to add' }],
    notices: [
      'copies the shape of cyberdyne: 2 definitions; records 1 migrations as applied',
      'no rows are copied: of cyberdyne, kinds hold some; what migrations put there is missing',
      'runs no migration',
    ],
  });
  await isNotMade('hooli');
  const report = await add(['hooli']);
  expect(report).toMatchObject({
    exitCode: 0,
    notices: expect.arrayContaining([expect.stringContaining('kinds')]),
  });
  expect(await on('shard2', 'SELECT FROM hooli.kinds')).toEqual([]);
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0, tenants: [{ state: 'there already' }] });
});

test.each([
  [
    `CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN (SELECT 1 FROM cyberdyne.books); END'`,
    'function f(), with its name in it',
  ],
  [
    `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1' SET search_path FROM CURRENT`,
    'function f(), with its name in it',
  ],
  [`ALTER TABLE books ADD COLUMN who text DEFAULT 'cyberdyne'`, 'default of books.who, with its name in it'],
  [
    'CREATE AGGREGATE total(int) (sfunc = int4pl, stype = int)',
    'function total(integer), which is of a kind that is not copied',
  ],
  ['CREATE TYPE span AS RANGE (subtype = int)', 'type span, which is of a kind that is not copied'],
  ['CREATE TABLE more () INHERITS (books)', 'table more, which inherits from a table'],
  ['CREATE VIEW pg_class AS SELECT 1 AS a', 'view cyberdyne.pg_class, which has a name of PostgreSQL'],
])('what cannot be copied for sure is refused by name: %s', async (sql, why) => {
  await s.start('CREATE TABLE books (id int)');
  await on('shard2', `SET search_path TO cyberdyne; ${sql}`);
  const report = await add(['hooli']);
  expect(report).toMatchObject({ exitCode: 20, tenants: [{ state: 'not started' }] });
  expect(JSON.stringify(report.problems)).toContain(`nobody can be made like cyberdyne: ${why}`);
  await isNotMade('hooli');
});

test('grants to a role that bears the name of the sibling are refused', async () => {
  await s.start('CREATE TABLE books (id int)');
  await s.fleet.query(
    'shard2',
    `DO $$ BEGIN CREATE ROLE cyberdyne_reader; EXCEPTION WHEN duplicate_object THEN NULL; END $$`,
    'superuser',
  );
  await on('shard2', 'GRANT SELECT ON cyberdyne.books TO cyberdyne_reader');
  expect(await add(['hooli'])).toMatchObject({
    problems: [{ message: expect.stringContaining('the grants to cyberdyne_reader') }],
  });
});

test('a sibling that lacks a migration, or has another than the files, is no model', async () => {
  await s.start('CREATE TABLE books (id int)');
  const name = await s.write('ALTER TABLE books ADD COLUMN isbn text');
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [
      { message: `nobody can be made like cyberdyne: it does not have ${name} yet`, hint: 'migrate up' },
    ],
  });
  await s.run.up();
  await on(
    'shard2',
    `UPDATE pgveneer.ledger SET state = 'running' WHERE tenant = 'cyberdyne' AND migration = '${name}'`,
  );
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('has not come to its end') }],
  });
  await on(
    'shard2',
    `UPDATE pgveneer.ledger SET state = 'applied', checksum = 'x' WHERE tenant = 'cyberdyne' AND migration = '${name}'`,
  );
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('was edited after it was applied') }],
  });
  await on('shard2', `DELETE FROM pgveneer.ledger WHERE tenant = 'cyberdyne'`);
  expect(await add(['hooli'])).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('it has no migration yet') }],
  });
  await isNotMade('hooli');
});

test('an edited migration is noticed for a copied tenant as for any other', async () => {
  await s.start('CREATE TABLE books (id int)');
  expect(await add(['hooli'])).toMatchObject({ exitCode: 0 });
  await s.fleet.writeMigration('0001_change.sql', 'CREATE TABLE books (id bigint)');
  expect(await s.run.up()).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('was edited') }],
  });
});

test('whom nobody can be made like is said before anything runs', async () => {
  await s.start('CREATE TABLE books (id int)');
  await expect(add(['hooli'], { like: 'hooli' })).rejects.toThrow('tenant hooli cannot be made like itself');
  await expect(add(['hooli'], { like: 'nobody' })).rejects.toThrow(
    '--like names nobody, which is no tenant of this fleet',
  );
});

test('what the shape needs outside of the schema has to be on the other shard: else PostgreSQL says what is missing', async () => {
  await s.start('CREATE TABLE books (id int)');
  await on(
    'shard2',
    `CREATE SCHEMA shared; CREATE FUNCTION shared.one() RETURNS int LANGUAGE sql AS 'SELECT 1';
    ALTER TABLE cyberdyne.books ALTER id SET DEFAULT shared.one()`,
  );
  expect(await add(['hooli'], { shard: 'shard1' })).toMatchObject({
    exitCode: 20,
    problems: [
      {
        message: 'schema "shared" does not exist',
        where: { member: 'shard1', tenant: 'hooli' },
        detail: 'default of books.id',
      },
    ],
    tenants: [{ state: 'failed' }],
  });
  expect(await on('shard1', `SELECT FROM pg_namespace WHERE nspname = 'hooli'`)).toEqual([]);
});

test.each([
  ['ADD COLUMN odd int', 'it would not be like cyberdyne: column books.odd is one more (integer)'],
  [
    'ADD FOREIGN KEY (id) REFERENCES cyberdyne.books',
    'constraint books_id_fkey on table books would depend on schema cyberdyne of tenant cyberdyne',
  ],
  ['ENABLE ROW LEVEL SECURITY', 'it would not be like cyberdyne: table books'],
])(
  'what was made is compared before it commits: where a trigger of the server meddles (%s), nothing is made',
  async (change, why) => {
    await s.start('CREATE TABLE books (id int PRIMARY KEY)');
    await s.fleet.query(
      'shard2',
      `CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN
       IF to_regclass('hooli.books_pkey') IS NOT NULL THEN ALTER TABLE hooli.books ${change}; END IF; END $$;
     CREATE EVENT TRIGGER meddle ON ddl_command_end WHEN TAG IN ('COMMENT', 'CREATE INDEX') EXECUTE FUNCTION public.meddle();
     COMMENT ON TABLE cyberdyne.books IS 'all of them'`,
      'superuser',
    );
    expect(await add(['acme', 'hooli'])).toMatchObject({
      exitCode: 20,
      problems: [
        {
          message: expect.stringContaining(`tenant hooli cannot be copied: ${why}`),
          where: { tenant: 'hooli' },
        },
      ],
      tenants: [{ state: 'failed' }, { state: 'failed' }],
    });
    await isNotMade('acme');
    await isNotMade('hooli');
  },
);

test('a sibling whose shard cannot be reached is no model', async () => {
  await s.start('CREATE TABLE books (id int)');
  const unreachable = 'postgres://nobody@127.0.0.1:1/nowhere';
  await s.fleet.writeConfig(bookstoreYaml(s.fleet.name).replace('${SHARD2_URL}', unreachable));
  expect(await add(['hooli'], { shard: 'shard1' })).toMatchObject({
    exitCode: 23,
    problems: [{ where: { member: 'shard2' } }],
    tenants: [{ state: 'not started' }],
  });
});
