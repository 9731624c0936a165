import { ident } from '../../src/postgres/identifiers.js';
import { withSuperuser } from '../../src/sandbox/databases.js';
import type { TestFleet } from './test-fleet.js';

/** A backup of a member's database, as it is now; the answer puts it back in its place. */
export async function backup(fleet: TestFleet, member: string): Promise<() => Promise<void>> {
  const server = fleet.servers.find(({ name }) => name === member);
  if (server === undefined) throw new Error(`no member ${member}`);
  const [live, kept] = [ident(fleet.database), ident(`${fleet.database}_backup`)];
  const run = (...statements: string[]): Promise<void> =>
    withSuperuser(server, 'postgres', async (session) => {
      for (const statement of statements) await session.run(statement);
    });
  await run(`CREATE DATABASE ${kept} TEMPLATE ${live}`);
  return () => run(`DROP DATABASE ${live} WITH (FORCE)`, `ALTER DATABASE ${kept} RENAME TO ${live}`);
}
