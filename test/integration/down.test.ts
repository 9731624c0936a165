import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

/** The migrations of each tenant, shard and veneer, as the ledgers say. */
async function ledgers(): Promise<Record<string, string>> {
  const rows = await Promise.all(
    ['veneer', 'shard1', 'shard2', 'shard3'].map((member) =>
      s.fleet.query(
        member,
        `SELECT coalesce(nullif(tenant, ''), scope || ' ${member}') AS subject,
                string_agg(migration, ' ' ORDER BY migration) AS names FROM pgveneer.ledger GROUP BY 1`,
      ),
    ),
  );
  return Object.fromEntries(rows.flat().map(({ subject, names }) => [String(subject), String(names)]));
}

const steps = ({ shards }: UpReport): unknown =>
  Object.fromEntries(
    shards.map(({ shard, steps: list }) => [
      shard,
      list.map(({ direction, migration, tenants }) => [direction, migration, ...tenants].join(' ')),
    ]),
  );

const columnsOf = async (tenant: string): Promise<unknown> =>
  (
    await s.fleet.query(
      'veneer',
      `SELECT attname FROM pg_attribute WHERE attrelid = to_regclass('${tenant}.books') AND attnum > 0 AND NOT attisdropped`,
    )
  ).map(({ attname }) => attname);

const BOOKS = 'CREATE TABLE books (id int);\n-- Down Migration\nDROP TABLE books;';
const TITLE =
  'ALTER TABLE books ADD COLUMN title text;\n-- Down Migration\nALTER TABLE books DROP COLUMN title;';

async function threeMigrations(): Promise<void> {
  await s.run.setup();
  await s.fleet.writeMigration('1_books.sql', BOOKS);
  await s.fleet.writeMigration('2_title.sql', TITLE);
  await s.fleet.writeMigration(
    '3_genre.js',
    `export const up = (pgm) => pgm.addColumn('books', { genre: 'text' });`,
  );
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
}

test('down takes the last migration of the fleet down with the veneer, and leaves tenants that do not have it', async () => {
  await threeMigrations();
  await s.run.down({ tenants: ['cyberdyne'] });
  expect(await columnsOf('cyberdyne')).toEqual(['id', 'title']);
  const report = await s.run.down();
  expect(report).toMatchObject({ command: 'down', exitCode: 0, problems: [], next: null });
  expect(steps(report)).toEqual({
    shard1: ['down 3_genre bluth_co'],
    shard2: ['down 3_genre dunder_mifflin'],
    shard3: ['down 3_genre initech'],
  });
  expect(report.shards[0]?.steps[0]?.veneerStatements['veneer']).toEqual([
    'ALTER FOREIGN TABLE "bluth_co"."books" DROP COLUMN "genre"',
  ]);
  expect(new Set(Object.values(await ledgers()))).toEqual(new Set(['1_books 2_title']));
  await assertLikeImport(s.fleet);
  const rest = await s.run.down({ limit: { kind: 'to', name: '1_books' } });
  expect(steps(rest)).toMatchObject({ shard2: ['down 2_title cyberdyne dunder_mifflin'] });
  expect(await s.run.down({ limit: { kind: 'count', count: 9 }, exceptTenants: ['init*'] })).toMatchObject({
    exitCode: 0,
  });
  expect(await ledgers()).toEqual({ initech: '1_books' });
  expect(await s.run.status()).toMatchObject({ exitCode: 10, drift: [] });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
  await assertLikeImport(s.fleet);
});

test('redo takes down and applies again, for exactly those who had it, and reports both', async () => {
  await threeMigrations();
  await s.run.down({ tenants: ['initech'] });
  const report = await s.run.redo({ limit: { kind: 'count', count: 2 } });
  expect(report).toMatchObject({ command: 'redo', exitCode: 0, problems: [], next: null });
  expect(steps(report)).toEqual({
    shard1: ['down 3_genre bluth_co', 'down 2_title bluth_co', 'up 2_title bluth_co', 'up 3_genre bluth_co'],
    shard2: ['down 3_genre', 'down 2_title', 'up 2_title', 'up 3_genre'].map(
      (one) => `${one} cyberdyne dunder_mifflin`,
    ),
    shard3: ['down 2_title initech', 'up 2_title initech'],
  });
  expect(await ledgers()).toMatchObject({ initech: '1_books 2_title', cyberdyne: '1_books 2_title 3_genre' });
  const history = await s.fleet.query(
    'veneer',
    `SELECT command, count(*) FILTER (WHERE details ->> 'direction' = 'down')::int AS down, count(DISTINCT step)::int AS steps
       FROM pgveneer.history WHERE run = '${report.run}' AND event IN ('run began', 'step ended') GROUP BY command ORDER BY 2`,
  );
  expect(history).toEqual([
    { command: 'redo', down: 0, steps: 0 },
    { command: null, down: 5, steps: 10 },
  ]);
  await assertLikeImport(s.fleet);
});

test('all that cannot be taken down is found before anything runs', async () => {
  await s.run.setup();
  await s.fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
  await s.fleet.writeMigration(
    '2_off.js',
    `export const up = (pgm) => pgm.sql('SELECT 1'); export const down = false;`,
  );
  await s.fleet.writeMigration('3_sql.js', `export const up = (pgm) => pgm.sql('SELECT 1');`);
  await s.fleet.writeMigration('4_genre.up.sql', 'ALTER TABLE books ADD COLUMN genre text');
  await s.fleet.writeMigration('4_genre.down.sql', 'ALTER TABLE books DROP COLUMN genre');
  await s.run.up();
  const before = await ledgers();
  await expect(s.run.down({ limit: { kind: 'count', count: 4 } })).rejects.toMatchObject({
    message: '3 problems in the migrations',
    facts: {
      exitCode: 20,
      detail: expect.stringMatching(
        /1_books.sql: it cannot be taken down[^]*2_off.js: .*switched off[^]*3_sql.js:1: it cannot be taken down: /,
      ),
    },
  });
  expect(await ledgers()).toEqual(before);
  expect(await s.run.down()).toMatchObject({ exitCode: 0 });
  expect(await columnsOf('initech')).toEqual(['id']);
});

test('what fails in one tenant is rolled back in all of its shard, and every such tenant is named', async () => {
  await threeMigrations();
  await s.fleet.query(
    'shard2',
    'CREATE VIEW dunder_mifflin.genres AS SELECT genre FROM dunder_mifflin.books',
  );
  const report = await s.run.down();
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate down 1' });
  expect(report.problems).toMatchObject([
    { where: { member: 'shard2', tenant: 'dunder_mifflin', migration: '3_genre' }, sqlstate: '2BP01' },
  ]);
  expect(await ledgers()).toMatchObject({
    bluth_co: '1_books 2_title',
    cyberdyne: '1_books 2_title 3_genre',
  });
  expect(await columnsOf('cyberdyne')).toEqual(['id', 'title', 'genre']);
  await s.fleet.query('shard2', 'DROP VIEW dunder_mifflin.genres');
  expect(await s.run.down()).toMatchObject({ exitCode: 0 });
});

test('a row that is gone from the ledger rolls the step back', async () => {
  await threeMigrations();
  const at = async (point: string): Promise<void> => {
    if (point === 'before begin:shard2')
      await s.fleet.query(
        'shard2',
        `DELETE FROM pgveneer.ledger WHERE tenant = 'cyberdyne' AND migration = '3_genre'`,
      );
  };
  const report = await s.runWith({ at }).down({ shards: ['shard2'] });
  expect(report.problems).toMatchObject([
    { message: expect.stringContaining('3_genre was taken down meanwhile') },
  ]);
  expect(await columnsOf('dunder_mifflin')).toEqual(['id', 'title', 'genre']);
});

test('loss of data needs --yes or an answer, and is told before', async () => {
  await threeMigrations();
  const options = { limit: { kind: 'count', count: 3 }, yes: false } as const;
  const losses = [
    '3_genre drops column books.genre',
    '2_title drops column books.title',
    '1_books drops table books with its rows',
  ];
  await expect(s.run.down(options)).rejects.toMatchObject({
    facts: { exitCode: 64, detail: losses.join('\n'), hint: expect.stringContaining('--yes') },
  });
  const asked: string[][] = [];
  const answering = (answer: boolean) =>
    s.runWith({ confirm: async (lines) => (asked.push([...lines]), answer) });
  await expect(answering(false).redo(options)).rejects.toMatchObject({ facts: { exitCode: 20 } });
  expect(asked).toEqual([[...losses, 'Go on?']]);
  expect(await s.run.down({ ...options, dryRun: true })).toMatchObject({ exitCode: 0, notices: losses });
  expect((await ledgers())['initech']).toBe('1_books 2_title 3_genre');
  expect(await answering(true).down(options)).toMatchObject({ exitCode: 0 });
  expect(await ledgers()).toEqual({});
});

test('an edited or missing file among them, or above them, stops it; one below does not', async () => {
  await threeMigrations();
  await s.fleet.writeMigration('1_books.sql', `${BOOKS} -- edited`);
  await s.fleet.writeMigration('2_title.sql', `${TITLE} -- edited`);
  expect(await s.run.down({ limit: { kind: 'count', count: 2 } })).toMatchObject({
    exitCode: 20,
    problems: [{ message: expect.stringContaining('2_title was edited after it was applied') }],
  });
  expect(await s.run.down()).toMatchObject({ exitCode: 0 });
  await s.fleet.writeMigration('2_title.sql', TITLE);
  await s.fleet.query(
    'shard3',
    `UPDATE pgveneer.ledger SET migration = '9_gone' WHERE migration = '1_books'`,
  );
  expect(await s.run.down()).toMatchObject({
    exitCode: 20,
    problems: [{ message: '9_gone was applied, but its file is missing (initech)' }],
  });
});

test('migrations of shards and veneers go down in the one order, and not from below what a selection leaves', async () => {
  await s.run.setup();
  const down = (up: string, back: string): string => `${up};\n-- Down Migration\n${back};`;
  await s.fleet.writeMigration('1_books.sql', BOOKS);
  await s.fleet.writeMigration(
    'shard/2_key.sql',
    down('CREATE TABLE public.key (id int)', 'DROP TABLE public.key'),
  );
  await s.fleet.writeMigration('3_title.sql', TITLE);
  await s.fleet.writeMigration(
    'veneer/4_titles.sql',
    down('CREATE VIEW titles AS SELECT title FROM cyberdyne.books', 'DROP VIEW titles'),
  );
  await s.run.up();
  expect(await s.run.down({ shards: ['shard2'] })).toMatchObject({
    exitCode: 20,
    problems: [
      { message: expect.stringContaining('3_title cannot be taken down: what comes after it is applied') },
    ],
  });
  const report = await s.run.down({ limit: { kind: 'count', count: 3 } });
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  const committed = s.run.events.flatMap((event) =>
    event.type === 'step' && event.phase === 'committed' ? [event.migration] : [],
  );
  expect(committed.at(-7)).toBe('veneer/4_titles');
  expect(new Set(Object.entries(await ledgers()).map(([, names]) => names))).toEqual(new Set(['1_books']));
  expect(await s.run.redo()).toMatchObject({ exitCode: 0 });
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

test('a migration without a transaction is taken down without one; one that was interrupted can be, too', async () => {
  await s.start('CREATE TABLE books (id int)');
  const index =
    '-- no-transaction\nCREATE INDEX CONCURRENTLY books_id ON books (id);\n-- Down Migration\n-- no-transaction\nDROP INDEX CONCURRENTLY books_id;';
  await s.fleet.writeMigration('2_index.sql', index);
  await s.run.up();
  const at = async (point: string): Promise<void> => {
    if (point === 'before applied:cyberdyne') throw new Error('cut here');
  };
  const cut = await s.runWith({ at }).down({ shards: ['shard2'] });
  expect(cut.exitCode).not.toBe(0);
  expect(
    await s.fleet.query(
      'shard2',
      `SELECT tenant, state FROM pgveneer.ledger WHERE migration = '2_index' ORDER BY 1`,
    ),
  ).toEqual([
    { tenant: 'cyberdyne', state: 'running' },
    { tenant: 'dunder_mifflin', state: 'applied' },
  ]);
  expect(await s.run.down()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.fleet.query('shard2', `SELECT * FROM pg_class WHERE relname = 'books_id'`)).toEqual([]);
  expect(new Set(Object.values(await ledgers()))).toEqual(new Set(['0001_change']));
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});
