import { ident } from '../postgres/identifiers.js';
import type { FleetServer } from './bookstore-fleet.js';
import { createDatabase, createRole, withSuperuser } from './databases.js';
import type { RunningServer } from './servers.js';

/**
 * Gives running servers the roles, the database and, on a veneer, the extension that `migrate setup` needs and that
 * only a superuser can make. Idempotent; a changed password is set again.
 */
export async function furnish(
  fleet: readonly FleetServer[],
  running: readonly RunningServer[],
): Promise<void> {
  await Promise.all(
    fleet.map(async (wanted) => {
      const server = running.find(({ name }) => name === wanted.name);
      if (server !== undefined) await furnishServer(wanted, server);
    }),
  );
}

async function furnishServer(wanted: FleetServer, server: RunningServer): Promise<void> {
  await withSuperuser(server, 'postgres', async (session) => {
    await createRole(session, wanted.admin);
    await createRole(session, wanted.app);
    await createDatabase(session, { name: wanted.database, owner: wanted.admin.name });
  });
  if (!wanted.isVeneer) return;
  await withSuperuser(server, wanted.database, async (session) => {
    await session.run('CREATE EXTENSION IF NOT EXISTS postgres_fdw SCHEMA public');
    await session.run(`GRANT USAGE ON FOREIGN DATA WRAPPER postgres_fdw TO ${ident(wanted.admin.name)}`);
  });
}
