import { expect, test } from '@jest/globals';
import { scenario } from '../support/scenario.js';

const s = scenario();

const BOOKS = 'CREATE TABLE books (id int PRIMARY KEY)';

async function columns(tenant: string, shard: string): Promise<string[]> {
  const sql = `SELECT attname FROM pg_attribute WHERE attrelid = '${tenant}.books'::regclass AND attnum > 0 ORDER BY attnum`;
  return (await s.fleet.query(shard, sql)).map(({ attname }) => String(attname));
}

test.each<readonly [string, number, string[]]>([
  ['refuse', 20, ['id', 'third']],
  ['allow', 0, ['id', 'third', 'second']],
  ['ignore', 0, ['id', 'third']],
])(
  'policy.out_of_order: %s for a file that sorts before an applied one',
  async (policy, exitCode, wanted) => {
    await s.start(BOOKS);
    await s.fleet.writeMigration('0003_third.sql', 'ALTER TABLE books ADD COLUMN third int');
    expect(await s.run.up()).toMatchObject({ exitCode: 0 });
    await s.fleet.writeConfig(`${await s.fleet.readConfig()}policy: { out_of_order: ${policy} }\n`);
    await s.fleet.writeMigration('0002_second.sql', 'ALTER TABLE books ADD COLUMN second int');
    const report = await s.run.up();
    expect(report.exitCode).toBe(exitCode);
    expect(report.problems.map(({ where }) => where)).toMatchObject(
      exitCode === 0 ? [] : [{ migration: '0002_second', file: 'migrations/0002_second.sql' }],
    );
    expect(await columns('bluth_co', 'shard1')).toEqual(wanted);
  },
);

test('line endings and trailing blanks are no edit of an applied file; a comment is, and nothing runs', async () => {
  await s.start(`${BOOKS};\nCREATE TABLE authors (id int);\n`);
  await s.fleet.writeMigration('0001_change.sql', `${BOOKS};  \r\nCREATE TABLE authors (id int);\r\n\r\n`);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  await s.fleet.writeMigration('0001_change.sql', `${BOOKS}; -- why\nCREATE TABLE authors (id int);\n`);
  await s.fleet.writeMigration('0002_isbn.sql', 'ALTER TABLE books ADD COLUMN isbn text');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 20, problems: [{ where: { migration: '0001_change' } }] });
  expect(await columns('bluth_co', 'shard1')).toEqual(['id']);
});

test('a new tenant with a recorded base runs what comes after it, and none of the old files', async () => {
  await s.start(BOOKS);
  await s.fleet.writeConfig((await s.fleet.readConfig()).replace('[initech]', '[initech, acme]'));
  await s.fleet.query(
    'shard3',
    'CREATE SCHEMA acme; CREATE TABLE acme.books (LIKE initech.books INCLUDING ALL)',
  );
  expect(await s.run.setup()).toMatchObject({ exitCode: 0 });
  const source = { kind: 'to', name: '0001_change' } as const;
  expect(await s.run.baseline({ source, tenants: ['acme'], yes: true })).toMatchObject({ exitCode: 0 });
  expect(await s.run.sync()).toMatchObject({ exitCode: 0 });
  await s.fleet.writeMigration('0002_isbn.sql', 'ALTER TABLE books ADD COLUMN isbn text');
  const report = await s.run.up();
  expect(report).toMatchObject({ exitCode: 0, problems: [] });
  expect(report.shards[2]?.steps).toMatchObject([{ migration: '0002_isbn', tenants: ['initech', 'acme'] }]);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});
