import { beforeAll, beforeEach, expect, test } from '@jest/globals';
import type { Drift } from '../../src/report/drift/drift.js';
import { assertLikeImport } from '../support/like-import.js';
import { veneerDrift } from '../support/veneer-drift.js';
import { scenario } from '../support/scenario.js';

const s = scenario({ shared: true });

const tables = (schema: string): string => `
  CREATE TABLE ${schema}books (id int PRIMARY KEY, title text NOT NULL, price numeric(10,2), at date);
  CREATE TABLE ${schema}authors (id int, name text)`;

beforeAll(() => s.start(tables('')));

beforeEach(async () => {
  await s.fleet.query('shard3', `DROP TABLE IF EXISTS initech.books, initech.authors; ${tables('initech.')}`);
  await s.run.setup();
  await s.run.sync();
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0, next: null });
});

interface Case {
  readonly name: string;
  /** What somebody did by hand on the veneer, to initech's tables. */
  readonly veneer?: string;
  readonly shard?: string;
  readonly found: readonly Partial<Drift>[];
}

const cases: readonly Case[] = [
  {
    name: 'a table that the veneer does not show',
    veneer: 'DROP FOREIGN TABLE initech.authors',
    found: [{ kind: 'missing table', grade: 'error', object: 'initech.authors', cure: 'migrate sync' }],
  },
  {
    name: 'a table that the shard does not have',
    shard: 'DROP TABLE initech.authors',
    found: [{ kind: 'extra table', grade: 'error', object: 'initech.authors', cure: 'migrate sync' }],
  },
  {
    name: 'a column that the veneer does not show',
    shard: 'ALTER TABLE initech.books ADD COLUMN isbn text',
    found: [
      { kind: 'missing column', grade: 'invisible', object: 'initech.books.isbn', cure: 'migrate sync' },
    ],
  },
  {
    name: 'a column that an INSERT must name',
    shard: 'ALTER TABLE initech.books ADD COLUMN isbn text NOT NULL',
    found: [{ kind: 'missing column', grade: 'writes break', object: 'initech.books.isbn' }],
  },
  {
    name: 'a column that the shard does not have',
    shard: 'ALTER TABLE initech.books DROP COLUMN at',
    found: [{ kind: 'extra column', grade: 'error', object: 'initech.books.at', cure: 'migrate sync' }],
  },
  {
    name: 'another scale of numeric',
    shard: 'ALTER TABLE initech.books ALTER price TYPE numeric(10,4)',
    found: [
      { kind: 'column type', grade: 'wrong answers', object: 'initech.books.price', cure: 'migrate sync' },
    ],
  },
  {
    name: 'another type',
    veneer: 'ALTER FOREIGN TABLE initech.books ALTER at TYPE text',
    found: [{ kind: 'column type', grade: 'error', object: 'initech.books.at', cure: 'migrate sync' }],
  },
  {
    name: 'another collation',
    veneer: 'ALTER FOREIGN TABLE initech.books ALTER title TYPE text COLLATE "C"',
    found: [
      { kind: 'collation', grade: 'wrong answers', object: 'initech.books.title', cure: 'migrate sync' },
    ],
  },
  {
    name: 'a NOT NULL that the shard dropped',
    shard: 'ALTER TABLE initech.books ALTER title DROP NOT NULL',
    found: [
      { kind: 'nullability', grade: 'wrong answers', object: 'initech.books.title', cure: 'migrate sync' },
    ],
  },
  {
    name: 'a NOT NULL that the shard set',
    shard: 'ALTER TABLE initech.authors ALTER name SET NOT NULL',
    found: [{ kind: 'nullability', grade: 'cosmetic', object: 'initech.authors.name', cure: 'migrate sync' }],
  },
  {
    name: 'a generated column',
    shard: `ALTER TABLE initech.authors DROP COLUMN name; ALTER TABLE initech.authors ADD name text GENERATED ALWAYS AS ('x') STORED`,
    found: [
      {
        kind: 'generated expression',
        grade: 'writes break',
        object: 'initech.authors.name',
        cure: 'migrate sync',
      },
    ],
  },
  {
    name: 'columns in another order',
    veneer:
      'ALTER FOREIGN TABLE initech.authors DROP COLUMN id; ALTER FOREIGN TABLE initech.authors ADD COLUMN id int',
    found: [{ kind: 'column order', grade: 'writes break', object: 'initech.authors', cure: 'migrate sync' }],
  },
  {
    name: 'a column that shows another one',
    veneer: `ALTER FOREIGN TABLE initech.books ALTER title OPTIONS (SET column_name 'at')`,
    found: [{ kind: 'option', grade: 'wrong answers', object: 'initech.books.title', cure: 'migrate sync' }],
  },
  {
    name: 'a column renamed on the shard',
    shard: 'ALTER TABLE initech.authors RENAME name TO full_name',
    found: [
      { kind: 'extra column', grade: 'error', object: 'initech.authors.name' },
      { kind: 'missing column', grade: 'invisible', object: 'initech.authors.full_name' },
    ],
  },
  {
    name: 'a table that shows another one',
    veneer: `ALTER FOREIGN TABLE initech.authors OPTIONS (SET table_name 'books')`,
    found: [{ kind: 'option', grade: 'wrong answers', object: 'initech.authors', cure: 'migrate sync' }],
  },
  {
    name: 'a server with other options',
    veneer: `ALTER SERVER shard3_server OPTIONS (ADD fetch_size '7', SET dbname 'elsewhere')`,
    found: [
      {
        kind: 'server',
        grade: 'error',
        object: 'server shard3_server, option dbname',
        cure: 'migrate setup',
      },
      { kind: 'server', object: 'server shard3_server, option fetch_size' },
    ],
  },
  {
    name: 'a user mapping that is gone, and one with another user',
    veneer: `DROP USER MAPPING FOR veneer_app SERVER shard3_server;
             ALTER USER MAPPING FOR veneer_admin SERVER shard3_server OPTIONS (SET user 'somebody')`,
    found: [
      {
        kind: 'user mapping',
        object: 'user mapping for veneer_admin on shard3_server',
        cure: 'migrate setup',
      },
      {
        kind: 'user mapping',
        object: 'user mapping for veneer_app on shard3_server',
        text: 'it does not exist',
      },
    ],
  },
  {
    name: 'privileges that the application lost on the veneer',
    veneer: 'REVOKE INSERT ON initech.books FROM veneer_app; REVOKE USAGE ON SCHEMA initech FROM veneer_app',
    found: [
      { kind: 'privileges', grade: 'error', object: 'schema initech for veneer_app', cure: 'migrate setup' },
    ],
  },
  {
    name: 'privileges that the application lost on the shard',
    shard:
      'ALTER DEFAULT PRIVILEGES IN SCHEMA initech REVOKE USAGE ON SEQUENCES FROM bookstore_app; REVOKE SELECT ON initech.books FROM bookstore_app',
    found: [
      {
        kind: 'privileges',
        where: { shard: 'shard3' },
        object: 'schema initech for bookstore_app',
        cure: 'migrate setup',
      },
    ],
  },
];

test.each(cases)(
  '$name is found, graded, and cured by what status says',
  async ({ veneer, shard, found }) => {
    if (veneer !== undefined) await s.fleet.query('veneer', veneer);
    if (shard !== undefined) await s.fleet.query('shard3', shard);
    const report = await s.run.status();
    expect(report).toMatchObject({ exitCode: 11, problems: [] });
    const inOrder = (drift: readonly Partial<Drift>[]): unknown =>
      drift.toSorted((a, b) => (a.object ?? '').localeCompare(b.object ?? ''));
    expect(inOrder(veneerDrift(report))).toMatchObject(inOrder(found) as object);
    expect(report.next).toBe(veneerDrift(report)[0]?.cure);
    for (const drift of report.drift) expect(`${drift.text} ${drift.consequence}`).toMatch(/\w+ \w+/);
    const cured = report.next === 'migrate setup' ? await s.run.setup() : await s.run.sync();
    expect(cured).toMatchObject({ exitCode: 0 });
    expect(veneerDrift(await s.run.status())).toEqual([]);
    await assertLikeImport(s.fleet);
  },
);

test('with --fail-on only drift of that grade or worse makes the exit code 11; all of it is told', async () => {
  await s.fleet.query('veneer', 'ALTER FOREIGN TABLE initech.books ALTER title DROP NOT NULL');
  for (const failOn of ['wrong answers', 'error', 'writes break', 'invisible'] as const) {
    const report = await s.run.status({ failOn });
    expect(report).toMatchObject({ exitCode: 0, next: 'migrate sync', drift: [{ grade: 'cosmetic' }] });
  }
  expect(await s.run.status({ failOn: 'cosmetic' })).toMatchObject({ exitCode: 11 });
  await s.fleet.query('veneer', 'DROP FOREIGN TABLE initech.authors');
  expect(await s.run.status({ failOn: 'wrong answers' })).toMatchObject({ exitCode: 0 });
  expect(await s.run.status({ failOn: 'error' })).toMatchObject({ exitCode: 11 });
  await s.write('SELECT 1');
  expect(await s.run.status({ failOn: 'wrong answers' })).toMatchObject({ exitCode: 10 });
  await s.run.up();
});

test('a server that is gone is cured by setup, and its tables by the sync that follows', async () => {
  await s.fleet.query('veneer', 'DROP SERVER shard3_server CASCADE');
  const report = await s.run.status();
  expect(report.drift).toContainEqual(expect.objectContaining({ kind: 'server', grade: 'error' }));
  expect(report.next).toBe('migrate setup');
  await s.run.setup();
  expect(await s.run.status()).toMatchObject({ exitCode: 11, next: 'migrate sync' });
  await s.run.sync();
  expect(await s.run.status()).toMatchObject({ drift: [], exitCode: 0 });
});

test('something else under a name of ours is left to its owner', async () => {
  await s.fleet.query('veneer', 'DROP FOREIGN TABLE initech.authors; CREATE TABLE initech.authors (id int)');
  const report = await s.run.status();
  expect(report.drift).toMatchObject([
    { kind: 'name taken', grade: 'wrong answers', object: 'initech.authors' },
  ]);
  expect(report.drift[0]?.cure).toContain('rename or drop');
  const synced = await s.run.sync();
  expect(synced).toMatchObject({ exitCode: 20, veneers: [{ state: 'failed' }] });
  expect(synced.problems[0]?.message).toContain('initech.authors exists on the veneer already');
  await s.fleet.query('veneer', 'DROP TABLE initech.authors');
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
});

test('a column of a type that cannot be shown is reported, and what stands on the veneer is left alone', async () => {
  await s.fleet.query('shard3', 'ALTER TABLE initech.authors ADD felt initech.books');
  const report = await s.run.status();
  expect(veneerDrift(report)).toMatchObject([{ kind: 'unsupported type', object: 'initech.authors' }]);
  expect(veneerDrift(report)[0]?.cure).not.toBe('migrate sync');
  expect(await s.run.sync({ prune: true })).toMatchObject({ exitCode: 0, veneers: [{ statements: [] }] });
  expect(await s.fleet.query('veneer', 'SELECT name FROM initech.authors', 'app')).toEqual([]);
});

test('the worst drift stands first, and tenants count theirs', async () => {
  await s.fleet.query(
    'shard2',
    'ALTER TABLE cyberdyne.books ADD isbn text; ALTER TABLE cyberdyne.books ALTER title DROP NOT NULL',
  );
  await s.fleet.query('shard3', 'DROP TABLE initech.authors');
  const report = await s.run.status();
  expect(veneerDrift(report).map(({ grade }) => grade)).toEqual(['wrong answers', 'error', 'invisible']);
  expect(report.shards.flatMap(({ tenants }) => tenants.map(({ drift }) => drift))).toEqual([0, 3, 0, 2]);
  expect(veneerDrift(await s.run.status({ tenants: ['initech'] }))).toMatchObject([{ kind: 'extra table' }]);
  await s.fleet.query(
    'shard2',
    'ALTER TABLE cyberdyne.books DROP isbn; ALTER TABLE cyberdyne.books ALTER title SET NOT NULL',
  );
});
