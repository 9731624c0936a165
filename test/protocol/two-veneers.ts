import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDatabase, urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { ident, literal } from '../../src/postgres/identifiers.js';
import { openSession } from '../../src/postgres/session.js';
import { Secret } from '../../src/secret.js';
import { expect } from '@jest/globals';
import { commandsOn, type Commands } from '../support/commands.js';
import { freshFleet } from '../support/fresh-fleet.js';
import type { TestFleet } from '../support/test-fleet.js';
import { bookstoreYaml } from '../support/test-project.js';
import { TEMPLATE } from '../support/test-servers.js';

/** A fleet with two veneers, blue and green: two databases of one server. Blue is what `veneer` is in other tests. */
export interface TwoVeneers extends TestFleet {
  readonly green: (sql: string) => Promise<Record<string, unknown>[]>;
  /** From now on the runner reaches neither of these; the others it does. */
  readonly away: (...names: readonly ('blue' | 'green')[]) => Promise<void>;
}

const VENEERS = `veneers:
  blue: { url: '\${VENEER_URL}' }
  green: { url: '\${GREEN_URL}' }
`;

/** The same url on a port that nobody listens on. */
function nowhere(url: string): string {
  const there = new URL(url);
  there.port = '1';
  return there.href;
}

export async function twoVeneers(): Promise<TwoVeneers> {
  const config = (name: string): string =>
    bookstoreYaml(name).replace(/veneers:\n {2}veneer:\n.*\n/, VENEERS);
  const fleet = await freshFleet({ config });
  const server = fleet.servers.find(({ name }) => name === 'veneer')!;
  const name = `${fleet.database}_green`;
  await withSuperuser(server, 'postgres', (session) =>
    createDatabase(session, { name, owner: 'veneer_admin', template: TEMPLATE }),
  );
  const url = urlWith(fleet.urlOf('veneer'), { database: name });
  const away = async (...names: readonly string[]): Promise<void> => {
    const urls = { VENEER_URL: fleet.urlOf('veneer'), GREEN_URL: url };
    const reached = {
      ...urls,
      ...(names.includes('blue') ? { VENEER_URL: nowhere(urls.VENEER_URL) } : {}),
      ...(names.includes('green') ? { GREEN_URL: nowhere(url) } : {}),
    };
    const variables = Object.entries({ ...fleet.env, ...reached });
    await writeFile(join(fleet.dir, '.env'), variables.map(([key, value]) => `${key}=${value}\n`).join(''));
  };
  await away();
  return {
    ...fleet,
    away,
    async green(sql) {
      const session = await openSession({ member: 'green', url: new Secret(url), applicationName: 'test' });
      try {
        return await session.query(sql);
      } finally {
        await session.close();
      }
    },
    async close() {
      await withSuperuser(server, name, async (session) => {
        const left = await session.query<{ gid: string }>(
          'SELECT gid FROM pg_prepared_xacts WHERE database = $1',
          [name],
        );
        for (const { gid } of left) await session.run(`ROLLBACK PREPARED ${literal(gid)}`);
      });
      await withSuperuser(server, 'postgres', (session) =>
        session.run(`DROP DATABASE ${ident(name)} WITH (FORCE)`),
      );
      await fleet.close();
    },
  };
}

/** The same, set up, and with one migration everywhere: a table `books` with an `id`. */
export async function twoVeneersWithBooks(): Promise<{ readonly fleet: TwoVeneers; readonly run: Commands }> {
  const fleet = await twoVeneers();
  const run = commandsOn(fleet);
  await run.setup();
  await fleet.writeMigration('1_books.sql', 'CREATE TABLE books (id int)');
  expect(await run.up()).toMatchObject({ problems: [], exitCode: 0 });
  return { fleet, run };
}
