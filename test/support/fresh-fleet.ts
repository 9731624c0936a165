import { randomBytes } from 'node:crypto';
import { createDatabase, urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { ident, literal } from '../../src/postgres/identifiers.js';
import { openSession, type Session } from '../../src/postgres/session.js';
import { testFleet, type TestFleet } from './test-fleet.js';
import { bookstoreYaml, makeProject } from './test-project.js';
import { TEMPLATE, testServers, type TestServer } from './test-servers.js';

/**
 * A fleet of four empty databases on the run's servers, with a project folder (the bookstore's shards.yaml, .env, an
 * empty migrations folder). Nothing is set up yet. Roles and prepared-transaction slots are shared with other tests.
 */
export async function freshFleet(
  options: { readonly config?: (fleet: string) => string } = {},
): Promise<TestFleet> {
  const { servers, env: template } = testServers();
  const database = `t_${randomBytes(6).toString('hex')}`;
  const env = onDatabase(template, database);
  const sessions = await Promise.all(servers.map((server) => superuser(server)));
  await Promise.all(sessions.map((session) => create(session, database)));
  const project = await makeProject((options.config ?? bookstoreYaml)(database), env);
  const release = async (): Promise<void> => {
    await Promise.all(servers.map((server, index) => drop(sessions[index]!, server, database)));
  };
  return testFleet({ name: database, database, env, servers, project, release });
}

function onDatabase(template: Readonly<Record<string, string>>, database: string): Record<string, string> {
  const moved = ([name, value]: [string, string]): [string, string] =>
    name.endsWith('_URL') ? [name, urlWith(value, { database })] : [name, value];
  return Object.fromEntries(Object.entries(template).map(moved));
}

function superuser(server: TestServer): Promise<Session> {
  return openSession({ member: server.name, url: server.superuserUrl, applicationName: 'test databases' });
}

async function create(session: Session, name: string): Promise<void> {
  const owner = session.member === 'veneer' ? 'veneer_admin' : 'bookstore_admin';
  await createDatabase(session, { name, owner, template: TEMPLATE });
}

/** Also where a test left sessions open or transactions prepared. */
async function drop(session: Session, server: TestServer, database: string): Promise<void> {
  const prepared = 'SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = $1';
  const left = await session.query<{ gid: string }>(prepared, [database]);
  if (left.length > 0) {
    await withSuperuser(server, database, async (inside) => {
      for (const { gid } of left) await inside.run(`ROLLBACK PREPARED ${literal(gid)}`);
    });
  }
  await session.run(`DROP DATABASE ${ident(database)} WITH (FORCE)`);
  await session.close();
}
