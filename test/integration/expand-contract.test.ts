import { expect, test } from '@jest/globals';
import type { Client } from 'pg';
import { assertLikeImport } from '../support/like-import.js';
import { startClient, type Round } from '../support/rolling-clients.js';
import { scenario } from '../support/scenario.js';
import { codeBlocks, read } from '../unit/docs/documents.js';

const s = scenario();

/** The migrations of the guide, by their files. */
const MIGRATIONS = codeBlocks(read('docs/expand-contract.md')).flatMap(({ text }) => {
  const [, file] = /^(?:--|\/\/) migrations\/(\S+)\n/.exec(text) ?? [];
  return file === undefined ? [] : [{ file, text }];
});

const BOOKS = `CREATE TABLE books (id int PRIMARY KEY, price numeric(10, 2));
  INSERT INTO books SELECT -i, i / 100.0 FROM generate_series(1, 3000) AS i`;

async function priceOf(client: Client, column: string, id: number): Promise<unknown> {
  const { rows } = await client.query<{ price: unknown }>(
    `SELECT ${column}::text AS price FROM cyberdyne.books WHERE id = $1`,
    [id],
  );
  return rows[0]?.price;
}

/** Knows one column alone; whoever writes the other one is none of its concern. */
const clientOf =
  (column: 'price' | 'price_cents', first: string, then: string): Round =>
  async (client, id) => {
    await client.query(`INSERT INTO cyberdyne.books (id, ${column}) VALUES ($1, $2)`, [id, first]);
    await client.query(`UPDATE cyberdyne.books SET ${column} = $2 WHERE id = $1`, [id, then]);
    expect(await priceOf(client, column, id)).toBe(then);
    const sum = `SELECT count(*)::int AS n FROM cyberdyne.books WHERE id < 0`;
    expect((await client.query(sum)).rows).toEqual([{ n: 3000 }]);
  };

const OLD = clientOf('price', '1.00', '12.50');
const NEW = clientOf('price_cents', '100', '999');

test('the guide holds a whole release: expand, backfill, what makes it sure, contract', () => {
  expect(MIGRATIONS.map(({ file }) => file)).toEqual([
    '0002_expand.sql',
    '0003_backfill.ts',
    '0004_check.sql',
    '0005_validate.sql',
    '0006_require.sql',
    '0007_contract.sql',
  ]);
});

test('old and new code read and write through the veneer from expand to contract without an error, and no price is lost', async () => {
  await s.start(BOOKS);
  for (const { file, text } of MIGRATIONS) await s.fleet.writeMigration(file, text);
  const upTo = async (name: string): Promise<void> => {
    expect(await s.run.up({ limit: { kind: 'to', name } })).toMatchObject({ exitCode: 0, problems: [] });
    await assertLikeImport(s.fleet);
  };
  const old = startClient(await s.fleet.connect('veneer', 'app'), 1, OLD);
  await old.rounds(2);
  await upTo('0002_expand');
  await old.rounds(2);
  const next = startClient(await s.fleet.connect('veneer', 'app'), 1_000_000, NEW);
  await next.rounds(2);
  for (const name of ['0003_backfill', '0004_check', '0005_validate', '0006_require']) {
    await upTo(name);
    await Promise.all([old.rounds(2), next.rounds(2)]);
  }
  const byOld = await old.stop();
  const sums = 'SELECT count(*)::int AS n, sum(price_cents)::int AS cents';
  const both = `${sums}, sum(price * 100)::int AS old FROM cyberdyne.books WHERE id < 1000000`;
  const cents = (3000 * 3001) / 2 + byOld * 1250;
  expect(await s.fleet.query('veneer', both)).toEqual([{ n: 3000 + byOld, cents, old: cents }]);
  await upTo('0007_contract');
  await next.rounds(2);
  const byNew = await next.stop();
  expect(await s.fleet.query('veneer', `${sums} FROM cyberdyne.books`)).toEqual([
    { n: 3000 + byOld + byNew, cents: cents + byNew * 999 },
  ]);
  expect(await s.run.status()).toMatchObject({ exitCode: 0, drift: [] });
});
