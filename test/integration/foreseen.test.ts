import { expect, test } from '@jest/globals';
import { readForeignTableHeads } from '../../src/catalog/relations/read-foreign-tables.js';
import { nameKey } from '../../src/postgres/identifiers.js';
import { openSession, type Session } from '../../src/postgres/session.js';
import { foresee, NOTHING_FORESEEN, readBeyond } from '../../src/protocol/align/foreseen.js';
import { Secret } from '../../src/secret.js';
import { scenario } from '../support/scenario.js';

const s = scenario();

const SERVER = 'shard1_server';
const named = (...names: readonly string[]) => names.map((name) => ({ schema: 'bluth_co', name }));

async function opened(): Promise<Session> {
  await s.run.setup();
  await s.write('CREATE TABLE books (id int); CREATE TABLE pages (id int)');
  expect(await s.run.up()).toMatchObject({ problems: [], exitCode: 0 });
  return openSession({ member: 'veneer', url: new Secret(s.fleet.urlOf('veneer')), applicationName: 'test' });
}

test('what is locked is foreseen, and what nothing bears; what another may still change is read again', async () => {
  const veneer = await opened();
  try {
    const locked = await readForeignTableHeads(veneer, [SERVER], named('books'));
    const foreseen = await foresee(veneer, SERVER, named('books', 'pages', 'none'), locked);
    expect(foreseen.tables).toMatchObject(named('books'));
    expect([...foreseen.names].toSorted()).toEqual(named('books', 'none').map(nameKey));

    // Whoever changes both meanwhile is seen in the one that is not locked alone.
    await veneer.run(
      'ALTER FOREIGN TABLE bluth_co.books ADD COLUMN more int; ALTER FOREIGN TABLE bluth_co.pages ADD COLUMN more int',
    );
    const wanted = named('books', 'pages', 'none');
    const columns = async (known: typeof foreseen): Promise<Record<string, string[]>> =>
      Object.fromEntries(
        (await readBeyond(veneer, SERVER, wanted, known)).map((table) => [
          table.name,
          table.columns.map(({ name }) => name),
        ]),
      );
    expect(await columns(foreseen)).toEqual({ books: ['id'], pages: ['id', 'more'] });
    expect(await columns(NOTHING_FORESEEN)).toEqual({ books: ['id', 'more'], pages: ['id', 'more'] });
    // What is not asked for is not answered: it would be dropped as one that nothing wants.
    expect(await readBeyond(veneer, SERVER, named('none'), foreseen)).toEqual([]);
  } finally {
    await veneer.close();
  }
});
