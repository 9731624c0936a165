import { beforeAll, expect, test } from '@jest/globals';
import { scenario } from '../../support/scenario.js';

const s = scenario({ shared: true });

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text, pages int, isbn text)';
const VIEW = 'CREATE VIEW shelf AS SELECT id, pages FROM books';

/** What is made on the veneer, what takes it away again, the migration below it, and what the refusal says. */
interface Refused {
  readonly kind: string;
  readonly made: string;
  readonly undone: string;
  readonly migration: string;
  readonly names: string;
  readonly says: string;
}

const RETYPE = 'ALTER TABLE books ALTER pages TYPE bigint';
const DROP_COLUMN = 'ALTER TABLE books DROP COLUMN pages';

const CASES: readonly Refused[] = [
  {
    kind: "a function that uses the view's row type",
    made: `${VIEW}; CREATE FUNCTION first(shelf) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    undone: 'DROP FUNCTION first(shelf); DROP VIEW shelf',
    migration: RETYPE,
    names: 'function cyberdyne.first(cyberdyne.shelf)',
    says: 'depends on view cyberdyne.shelf, and it cannot be put aside',
  },
  {
    kind: 'a function whose body reads the column',
    made: 'CREATE FUNCTION longest() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT max(pages) FROM books; END',
    undone: 'DROP FUNCTION longest()',
    migration: RETYPE,
    names: 'function cyberdyne.longest()',
    says: 'depends on column pages of foreign table cyberdyne.books',
  },
  {
    kind: "a table with a column of the view's row type",
    made: `${VIEW}; CREATE TABLE kept (s shelf)`,
    undone: 'DROP TABLE kept; DROP VIEW shelf',
    migration: RETYPE,
    names: 'column s of table cyberdyne.kept',
    says: 'cannot be put aside',
  },
  {
    kind: "a table with a column of the foreign table's row type",
    made: 'CREATE TABLE kept (b books[])',
    undone: 'DROP TABLE kept',
    migration: RETYPE,
    names: 'column b of table cyberdyne.kept',
    says: 'cannot be put aside',
  },
  {
    kind: 'a policy that reads the column',
    made: `CREATE TABLE kept (id int); CREATE POLICY long ON kept USING (id IN (SELECT id FROM books WHERE pages > 3))`,
    undone: 'DROP TABLE kept',
    migration: RETYPE,
    names: 'policy long on table cyberdyne.kept',
    says: 'cannot be put aside',
  },
  {
    kind: 'a materialized view',
    made: 'CREATE MATERIALIZED VIEW shelf AS SELECT pages FROM books WITH NO DATA',
    undone: 'DROP MATERIALIZED VIEW shelf',
    migration: RETYPE,
    names: 'materialized view cyberdyne.shelf',
    says: 'its rows cannot be read from a shard within the step',
  },
  {
    kind: 'a view of an owner as whom the runner cannot act',
    made: `${VIEW}; ALTER VIEW shelf OWNER TO refused_owner`,
    undone: 'DROP VIEW shelf',
    migration: RETYPE,
    names: 'view cyberdyne.shelf',
    says: 'veneer_admin cannot act as its owner refused_owner',
  },
  {
    kind: 'a grant by a role as whom the runner cannot act',
    made: `${VIEW}; ALTER VIEW shelf OWNER TO veneer_admin; GRANT SELECT ON shelf TO refused_owner WITH GRANT OPTION;
           SET ROLE refused_owner; GRANT SELECT ON shelf TO PUBLIC; RESET ROLE`,
    undone: 'DROP VIEW shelf',
    migration: RETYPE,
    names: 'view cyberdyne.shelf',
    says: 'veneer_admin cannot act as refused_owner, who granted privileges on it',
  },
  {
    kind: 'a view of an extension',
    made: `${VIEW}; ALTER VIEW shelf OWNER TO veneer_admin; ALTER EXTENSION postgres_fdw ADD VIEW shelf`,
    undone: 'ALTER EXTENSION postgres_fdw DROP VIEW shelf; DROP VIEW shelf',
    migration: RETYPE,
    names: 'view cyberdyne.shelf',
    says: 'it belongs to an extension',
  },
  {
    kind: 'a view over a dropped column',
    made: VIEW,
    undone: 'DROP VIEW shelf',
    migration: DROP_COLUMN,
    names: 'view cyberdyne.shelf',
    says: 'view cyberdyne.shelf depends on column pages of foreign table cyberdyne.books',
  },
  {
    kind: 'a trigger that names a dropped column',
    made: `CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
           CREATE TRIGGER counted BEFORE UPDATE OF pages ON books FOR EACH ROW EXECUTE FUNCTION ignore()`,
    undone: 'DROP TRIGGER counted ON books; DROP FUNCTION ignore()',
    migration: DROP_COLUMN,
    names: 'trigger counted on foreign table cyberdyne.books',
    says: 'depends on column pages',
  },
  {
    kind: 'a view over a dropped table',
    made: 'CREATE VIEW shelf AS SELECT 1 FROM books',
    undone: 'DROP VIEW shelf',
    migration: 'DROP TABLE books',
    names: 'view cyberdyne.shelf',
    says: 'depends on foreign table cyberdyne.books',
  },
  {
    kind: "a function that uses a dropped table's row type",
    made: `CREATE FUNCTION first(books) RETURNS int LANGUAGE sql AS 'SELECT 1'`,
    undone: 'DROP FUNCTION first(books)',
    migration: 'DROP TABLE books',
    names: 'function cyberdyne.first(cyberdyne.books)',
    says: 'depends on foreign table cyberdyne.books',
  },
  {
    kind: 'a view over a column that is made again because it stands elsewhere',
    made: 'CREATE VIEW shelf AS SELECT isbn FROM books',
    undone: 'DROP VIEW shelf',
    migration:
      'ALTER TABLE books DROP COLUMN pages; ALTER TABLE books RENAME isbn TO other; ALTER TABLE books DROP COLUMN other; ALTER TABLE books ADD pages int, ADD isbn text',
    names: 'view cyberdyne.shelf',
    says: 'depends on column isbn of foreign table cyberdyne.books',
  },
  {
    kind: 'a view whose query does not fit the new type',
    made: 'CREATE VIEW shelf AS SELECT upper(title) FROM books; ALTER VIEW shelf OWNER TO veneer_admin',
    undone: 'DROP VIEW shelf',
    migration: 'ALTER TABLE books ALTER title TYPE int USING 1',
    names: 'view cyberdyne.shelf',
    says: 'cannot be restored over the changed columns: function upper(integer) does not exist',
  },
];

/** Everything that a member shows of the tenants' schemas. */
const STATE = `SELECT c.oid, c.relname, a.attname, a.atttypid, c.relacl::text FROM pg_class c
  LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND NOT a.attisdropped
  WHERE c.relnamespace IN (to_regnamespace('cyberdyne'), to_regnamespace('dunder_mifflin')) ORDER BY 1, a.attnum`;

beforeAll(async () => {
  await s.start(BOOKS);
  await s.fleet.query(
    'veneer',
    'DROP ROLE IF EXISTS refused_owner; CREATE ROLE refused_owner; GRANT ALL ON SCHEMA cyberdyne TO refused_owner',
    'superuser',
  );
}, 60_000);

test.each(CASES)('$kind refuses the step by name, and nothing changes anywhere', async (one) => {
  const { made, undone, migration, names, says } = one;
  await s.fleet.query('veneer', `SET search_path TO cyberdyne; ${made}`, 'superuser');
  await s.fleet.writeMigration('0002_change.sql', migration);
  const state = async (): Promise<unknown> => [
    await s.fleet.query('veneer', STATE),
    await s.fleet.query('shard2', STATE),
  ];
  const before = await state();
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { member: 'veneer' } }] });
  const [problem] = report.problems;
  expect(problem?.message).toContain(names);
  expect(`${problem?.message}\n${problem?.detail}`).toContain(says);
  expect(problem?.hint).toContain('on veneer');
  expect(await state()).toEqual(before);
  expect((await s.run.status({ shards: ['shard2'] })).inDoubt).toEqual([]);
  await s.fleet.query('veneer', `SET search_path TO cyberdyne; ${undone}`, 'superuser');
});

test('all that stand in the way are named, of all tables and tenants', async () => {
  await s.fleet.query(
    'veneer',
    `CREATE VIEW cyberdyne.a AS SELECT pages FROM cyberdyne.books; CREATE VIEW cyberdyne.b AS SELECT pages FROM cyberdyne.books;
     CREATE VIEW dunder_mifflin.c AS SELECT pages FROM dunder_mifflin.books; CREATE VIEW dunder_mifflin.d AS SELECT pages FROM dunder_mifflin.books`,
  );
  await s.fleet.writeMigration('0002_change.sql', DROP_COLUMN);
  const { problems } = await s.run.up({ shards: ['shard2'] });
  expect(problems[0]?.message).toBe(
    'view cyberdyne.a, view cyberdyne.b, view dunder_mifflin.c, and 1 more stand in the way on veneer, and nothing is dropped by CASCADE',
  );
  expect(problems[0]?.detail?.split('\n')).toHaveLength(4);
});
