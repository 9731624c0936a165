import { beforeAll, expect, test } from '@jest/globals';
import { hangingOn, type Hanging } from '../../support/dependents.js';
import { scenario } from '../../support/scenario.js';

const s = scenario({ shared: true });

interface Kind {
  readonly kind: string;
  readonly sql: string;
  /** Where it shows in what hangs on the table. */
  readonly part: string;
}

/** What somebody sets by hand on foreign table `books`. */
const KINDS: readonly Kind[] = [
  {
    kind: 'grants on the table, with grant option and by another role',
    part: 'grants',
    sql: `GRANT SELECT, UPDATE ON books TO in_place WITH GRANT OPTION; SET ROLE in_place; GRANT SELECT ON books TO PUBLIC;
          RESET ROLE; REVOKE DELETE ON books FROM veneer_app`,
  },
  {
    kind: 'grants on a column',
    part: 'columns',
    sql: 'GRANT UPDATE (pages), SELECT (id) ON books TO in_place WITH GRANT OPTION',
  },
  { kind: 'a comment', part: 'comment', sql: `COMMENT ON FOREIGN TABLE books IS 'mine'` },
  { kind: 'comments on columns', part: 'columns', sql: `COMMENT ON COLUMN books.pages IS 'as printed'` },
  {
    kind: 'CHECK constraints, with their comments',
    part: 'constraints',
    sql: `ALTER FOREIGN TABLE books ADD CONSTRAINT long CHECK (pages > 0), ADD CONSTRAINT odd CHECK (pages > id) NOT VALID;
          COMMENT ON CONSTRAINT long ON books IS 'no leaflets'`,
  },
  {
    kind: 'triggers, disabled ones as well',
    part: 'triggers',
    sql: `CREATE TRIGGER a AFTER INSERT ON books FOR EACH ROW EXECUTE FUNCTION ignore();
          CREATE TRIGGER b AFTER DELETE ON books FOR EACH STATEMENT EXECUTE FUNCTION ignore();
          COMMENT ON TRIGGER a ON books IS 'late'; ALTER FOREIGN TABLE books DISABLE TRIGGER b`,
  },
  {
    kind: 'options of postgres_fdw',
    part: 'fdw',
    sql: `ALTER FOREIGN TABLE books OPTIONS (ADD fetch_size '10', ADD use_remote_estimate 'true')`,
  },
  {
    kind: 'n_distinct and statistics target of a column',
    part: 'columns',
    sql: `ALTER FOREIGN TABLE books ALTER pages SET (n_distinct = -0.5), ALTER pages SET STATISTICS 300`,
  },
  {
    kind: 'extended statistics',
    part: 'statistics',
    sql: `CREATE STATISTICS joint ON id, pages FROM books; COMMENT ON STATISTICS joint IS 'kept'`,
  },
  {
    kind: 'the parent that it inherits from',
    part: 'attached',
    sql: 'CREATE TABLE parent (id int); ALTER FOREIGN TABLE books INHERIT parent',
  },
  { kind: 'its oid', part: 'oid', sql: '' },
  { kind: 'its owner', part: 'owner', sql: '' },
];

/** Options set by hand are nothing that IMPORT would make, so drift is asked for instead. */
async function apply(sql: string): Promise<void> {
  await s.write(sql);
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  expect((await s.run.status()).drift.filter(({ kind }) => kind !== 'privileges')).toEqual([]);
}

let before: Hanging;
let after: Hanging;

beforeAll(async () => {
  await s.start(
    `CREATE TABLE books (id int PRIMARY KEY, title text, pages int, gone int); INSERT INTO books VALUES (1, 'Emma', 474)`,
  );
  await s.fleet.query(
    'veneer',
    `DROP ROLE IF EXISTS in_place; CREATE ROLE in_place; GRANT in_place TO veneer_admin; GRANT USAGE ON SCHEMA cyberdyne TO in_place`,
    'superuser',
  );
  const ignore = `CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'`;
  for (const sql of [ignore, ...KINDS.map((one) => one.sql)])
    await s.fleet.query('veneer', `SET search_path TO cyberdyne; ${sql}`);
  [before = {}] = await hangingOn(s.fleet, 'books');
  for (const sql of [
    `ALTER TABLE books ALTER pages TYPE bigint; ALTER TABLE books ADD isbn text NOT NULL DEFAULT ''; ALTER TABLE books DROP gone`,
    'ALTER TABLE books ALTER pages SET NOT NULL; ALTER TABLE books ALTER title TYPE text COLLATE "C"',
    'ALTER TABLE books ALTER pages TYPE int; ALTER TABLE books ALTER pages DROP NOT NULL; ALTER TABLE books DROP isbn',
    'ALTER TABLE books ALTER title TYPE text COLLATE "default"',
  ])
    await apply(sql);
  [after = {}] = await hangingOn(s.fleet, 'books');
}, 60_000);

test.each(KINDS)('$kind survives what is done to the table', ({ part }) => {
  const [was, is] = [before[part], after[part]];
  expect(was).toBeTruthy();
  // The column `gone` was dropped; what stood on the others stands there still.
  expect(is).toEqual(part === 'columns' ? (was as readonly string[]).slice(0, 3) : was);
});

test('a column that the shard drops takes its own comment, grants and CHECK constraints along, and no more', async () => {
  await s.fleet.query(
    'veneer',
    `SET search_path TO cyberdyne; ALTER FOREIGN TABLE books ADD CONSTRAINT named CHECK (title <> '')`,
  );
  await apply('ALTER TABLE books DROP COLUMN title');
  const [now] = await hangingOn(s.fleet, 'books');
  expect(now?.constraints).toEqual(before.constraints);
  expect(now?.grants).toEqual(before.grants);
});
