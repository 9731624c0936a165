import { beforeEach, expect, test } from '@jest/globals';
import { useBookstore } from '../support/commands.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

beforeEach(async () => {
  await useBookstore(s.fleet);
  await s.run.setup();
  expect(await s.run.up()).toMatchObject({ exitCode: 0 });
});

const REWRITE =
  'ALTER TABLE books ALTER COLUMN publish_date TYPE timestamptz USING publish_date::timestamptz;';

test('a rewrite goes through when nobody reads, and the veneer has the new type', async () => {
  await s.fleet.writeMigration('20270101000000000_rewrite.sql', REWRITE);
  expect(await s.run.up()).toMatchObject({ exitCode: 0, problems: [] });
  expect(await s.run.status()).toMatchObject({ exitCode: 0 });
  const [row] = await s.fleet.query(
    'veneer',
    'SELECT count(*)::int AS n, pg_typeof(min(publish_date))::text AS type FROM cyberdyne.books',
    'app',
  );
  expect(row).toEqual({ n: 12, type: 'timestamp with time zone' });
});

test('a reader of another table with an old remote snapshot never sees the rewritten table empty', async () => {
  await s.fleet.writeMigration('20270101000000000_rewrite.sql', REWRITE);
  const reader = await s.fleet.connect('veneer', 'app');
  await reader.query('BEGIN');
  await reader.query('SELECT count(*) FROM cyberdyne.authors');
  let settled = false;
  const done = s.run.up().then((report) => {
    settled = true;
    return report;
  });
  while (
    !s.run.events.some(
      (event) => event.type === 'step' && event.shard === 'shard2' && event.phase === 'retrying',
    )
  ) {
    expect(settled).toBe(false);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { rows } = await reader.query('SELECT count(*)::int AS n FROM cyberdyne.books');
  expect(rows).toEqual([{ n: 12 }]);
  await reader.query('COMMIT');
  expect(await done).toMatchObject({ exitCode: 0 });
});
