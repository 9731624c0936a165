import { expect, test } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import { assertLikeImport } from '../support/like-import.js';
import { scenario } from '../support/scenario.js';
import { shardStates } from '../support/outcomes.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY, title text)';

const steps = ({ shards }: UpReport): unknown => shards.map((shard) => shard.steps.map(({ state }) => state));

/** Nothing of a failed step is left anywhere. */
async function expectClean(exitCode = 10): Promise<void> {
  expect(await s.run.status()).toMatchObject({ drift: [], inDoubt: [], problems: [], exitCode });
  await assertLikeImport(s.fleet);
}

test('a failing canary is rolled back with its veneer; the others are not begun; exit 20', async () => {
  await s.start(BOOKS);
  await s.write('ALTER TABLE books ADD COLUMN isbn text; SELECT 1/0');
  const report = await s.run.up();
  expect(shardStates(report)).toEqual(['shard1: failed', 'shard2: not started', 'shard3: not started']);
  expect(steps(report)).toEqual([['failed'], ['not started'], ['not started']]);
  expect(report).toMatchObject({
    exitCode: 20,
    next: 'migrate up',
    problems: [{ message: 'division by zero' }],
  });
  await expectClean();
});

test('a failure names file, line, column, tenant, shard, and what PostgreSQL pointed at', async () => {
  await s.start(BOOKS);
  await s.write(
    `-- a comment\nALTER TABLE books ADD COLUMN isbn text;\n\nUPDATE books\n   SET titel = 'é';\n`,
  );
  expect((await s.run.up()).problems).toEqual([
    {
      message: 'column "titel" of relation "books" does not exist',
      exitCode: 20,
      sqlstate: '42703',
      where: {
        member: 'shard1',
        tenant: 'bluth_co',
        migration: '0002_change',
        file: 'migrations/0002_change.sql',
        line: 5,
        column: 8,
      },
      detail: expect.stringMatching(/^5 \| {4}SET titel = 'é'\n {11}\^$/),
    },
  ]);
});

test('an error without a position names the statement that it came from, and keeps detail and hint', async () => {
  await s.start(BOOKS);
  await s.write(`INSERT INTO books VALUES (1, 'a');\nINSERT INTO books VALUES (1, 'b');\nDROP TABLE books`);
  const [unique] = (await s.run.up()).problems;
  expect(unique).toMatchObject({ sqlstate: '23505', where: { line: 2 } });
  expect(unique?.detail).toContain('Key (id)=(1) already exists.');
  expect(unique?.detail).toContain(`statement: INSERT INTO books VALUES (1, 'b')`);
  await s.fleet.writeMigration(
    '0002_change.sql',
    'SELECT title::int + id FROM books; SELECT lenght(title) FROM books',
  );
  expect((await s.run.up()).problems).toMatchObject([
    { message: 'function lenght(text) does not exist', hint: expect.stringContaining('explicit type casts') },
  ]);
});

test('of two tenants on a shard the failing one is named, and both are rolled back', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO dunder_mifflin.books VALUES (1, NULL)`);
  await s.write('ALTER TABLE books ALTER title SET NOT NULL');
  const report = await s.run.up({ shards: ['shard2'] });
  expect(report).toMatchObject({
    exitCode: 20,
    problems: [{ where: { member: 'shard2', tenant: 'dunder_mifflin' } }],
  });
  await expectClean();
});

test('when one shard fails the others finish the step that they are in; exit 21; the next up goes on', async () => {
  await s.start(BOOKS);
  await s.fleet.query('shard2', `INSERT INTO cyberdyne.books VALUES (1, NULL)`);
  await s.write('ALTER TABLE books ALTER title SET NOT NULL');
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  let failed = (): void => undefined;
  const failure = new Promise<void>((resolve) => (failed = resolve));
  const run = s.runWith({
    at: async (point) => (point === 'after statements:shard3' ? failure : undefined),
    onProgress: (event) => {
      if (event.type === 'shard ended' && event.shard === 'shard2') failed();
    },
  });
  const report = await run.up({ shards: ['shard2', 'shard3'] });
  expect(shardStates(report)).toEqual(['shard2: failed', 'shard3: stopped']);
  expect(steps(report)).toEqual([
    ['failed', 'not started'],
    ['committed', 'not started'],
  ]);
  expect(report).toMatchObject({ exitCode: 21, next: 'migrate up' });
  await expectClean();
  await s.fleet.query('shard2', `UPDATE cyberdyne.books SET title = 'Emma'`);
  const next = await s.run.up();
  expect(shardStates(next)).toEqual(['shard1: done', 'shard2: done', 'shard3: done']);
  expect(next.shards[2]?.steps.map(({ migration }) => migration)).toEqual(['0003_change']);
  await expectClean(0);
});

test('a deferred constraint fails inside the step, not in the vote', async () => {
  await s.start(`${BOOKS}; CREATE TABLE sales (book int REFERENCES books DEFERRABLE INITIALLY DEFERRED)`);
  await s.write('ALTER TABLE sales ADD COLUMN at date; INSERT INTO sales VALUES (7)');
  const reached: string[] = [];
  const run = s.runWith({ at: async (point) => void reached.push(point) });
  expect(await run.up()).toMatchObject({
    exitCode: 20,
    problems: [{ sqlstate: '23503', where: { member: 'shard1' } }],
  });
  expect(reached).not.toContain('before intent');
  await expectClean();
});

test('a hidden COMMIT is refused by PostgreSQL itself, and the step is rolled back', async () => {
  await s.start(`${BOOKS}; CREATE PROCEDURE sneak() LANGUAGE plpgsql AS 'BEGIN COMMIT; END'`);
  for (const sql of ['CALL sneak()', `DO 'BEGIN COMMIT; END'`, `DO 'BEGIN EXECUTE $q$COMMIT$q$; END'`]) {
    await s.fleet.writeMigration('0002_change.sql', `ALTER TABLE books ADD COLUMN isbn text; ${sql}`);
    expect(await s.run.up()).toMatchObject({ exitCode: 20, problems: [{ where: { tenant: 'bluth_co' } }] });
  }
  await expectClean();
});

/** No evidence can be written on this member, as where a disk is full or a right was taken. */
const refuseEvidence = (member: string): Promise<unknown> =>
  s.fleet.query(member, 'ALTER TABLE pgveneer.step ADD CONSTRAINT never CHECK (n < 0) NOT VALID');

const applied = async (shard: string): Promise<unknown> =>
  (await s.fleet.query(shard, `SELECT migration FROM pgveneer.ledger WHERE migration LIKE '0002%'`)).length;

test.each(['veneer', 'shard1'])(
  'evidence that cannot be written on %s is a vote against the step, told with its reason',
  async (member) => {
    await s.start(BOOKS);
    await refuseEvidence(member);
    await s.write('ALTER TABLE books ADD COLUMN isbn text');
    expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({
      exitCode: 20,
      problems: [{ sqlstate: '23514', where: { member } }],
    });
    expect(await applied('shard1')).toBe(0);
    expect(await s.fleet.query(member, 'SELECT FROM pg_prepared_xacts')).toEqual([]);
    expect(await s.fleet.query('veneer', 'SELECT FROM pgveneer.intent')).toEqual([]);
    await s.fleet.query(member, 'ALTER TABLE pgveneer.step DROP CONSTRAINT never');
    await expectClean();
  },
);

test('evidence that cannot be written rolls back a step of one member', async () => {
  await s.start(BOOKS);
  await refuseEvidence('shard1');
  await s.write(`INSERT INTO books VALUES (1, 'Emma')`);
  expect(await s.run.up({ shards: ['shard1'] })).toMatchObject({
    exitCode: 20,
    problems: [{ sqlstate: '23514', where: { member: 'shard1' } }],
  });
  expect(await applied('shard1')).toBe(0);
  expect(await s.fleet.query('shard1', 'SELECT FROM bluth_co.books')).toEqual([]);
});

test('evidence that cannot be written on a veneer stops a lock-step before its first COMMIT', async () => {
  await s.start(BOOKS);
  await refuseEvidence('veneer');
  await s.write('ALTER TABLE books ADD COLUMN isbn text');
  expect(await s.run.up({ shards: ['shard1'], protocol: 'lock-step' })).toMatchObject({
    exitCode: 20,
    problems: [{ sqlstate: '23514', where: { member: 'veneer' } }],
  });
  expect(await applied('shard1')).toBe(0);
  expect(await s.fleet.query('veneer', 'SELECT FROM pgveneer.intent')).toEqual([]);
});

/** A text that is too long to be parsed, and in which the words of a function keep it from being searched. */
const unparsed = (sql: string): string =>
  `/* ${'x'.repeat(2_100_000)} */ SELECT begin atomic FROM (SELECT 1 AS begin) AS words; ${sql}`;

async function startUnparsed(sql: string): Promise<void> {
  await s.start(BOOKS);
  await s.fleet.writeMigration('0002_change.sql', unparsed(`ALTER TABLE books ADD COLUMN isbn text; ${sql}`));
}

const endedOn = (member: string): object => ({
  exitCode: 21,
  problems: [{ message: expect.stringContaining('ended the transaction'), where: { member } }],
});

test.each(['COMMIT', 'COMMIT; SELECT 1', 'COMMIT; BEGIN', 'ROLLBACK'])(
  'a migration that ends its transaction unseen is told of, and nothing follows it on the veneer: %s',
  async (sql) => {
    await startUnparsed(sql);
    expect(await s.run.up({ shards: ['shard1'] })).toMatchObject(endedOn('shard1'));
    for (const member of ['veneer', 'shard1']) {
      expect(await s.fleet.query(member, 'SELECT FROM pgveneer.step')).toEqual([]);
      expect(await s.fleet.query(member, 'SELECT FROM pg_prepared_xacts')).toEqual([]);
    }
    expect(await s.fleet.query('veneer', 'SELECT FROM pgveneer.intent')).toEqual([]);
  },
);

test.each(['COMMIT', 'COMMIT; BEGIN', 'ROLLBACK'])(
  'so is one that ends the transaction in which a tenant is made: %s',
  async (sql) => {
    await startUnparsed(sql);
    const added = await s.run.tenant({ action: 'add', names: ['hooli'], shard: 'shard1', dryRun: false });
    expect(added).toMatchObject(endedOn('shard1'));
    expect(await s.fleet.query('veneer', `SELECT FROM pgveneer.tenant WHERE tenant = 'hooli'`)).toEqual([]);
    expect(await s.fleet.query('veneer', 'SELECT FROM pgveneer.intent')).toEqual([]);
  },
);

test.each(['COMMIT', 'COMMIT; BEGIN', 'ROLLBACK'])(
  'so is one of the veneers that ends its own: %s',
  async (sql) => {
    await s.start(BOOKS);
    await s.fleet.writeMigration('veneer/0002_all.sql', unparsed(sql));
    expect(await s.run.up()).toMatchObject(endedOn('veneer'));
    expect(await s.fleet.query('veneer', 'SELECT FROM pgveneer.step')).toEqual([]);
  },
);
