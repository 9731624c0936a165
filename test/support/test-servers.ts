import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bookstoreEnv } from '../../src/sandbox/bookstore-env.js';
import { bookstoreFleet, SERVERS } from '../../src/sandbox/bookstore-fleet.js';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import { furnish } from '../../src/sandbox/furnish.js';
import { Secret } from '../../src/secret.js';

/** A server that tests make databases on. */
export interface TestServer {
  readonly name: string;
  readonly port: number;
  readonly dataDir: string;
  readonly logFile: string;
  readonly superuserUrl: Secret;
}

/** The servers of this run, and the variables of a fleet whose database, on each of them, is `TEMPLATE`. */
export interface TestServers {
  readonly servers: readonly TestServer[];
  readonly env: Readonly<Record<string, string>>;
}

/** The database that every fresh one is a copy of: it has an owner and, on the veneer, postgres_fdw. */
export const TEMPLATE = 'bookstore_template';

const STATE_VARIABLE = 'PG_VENEER_TEST_SERVERS';

/** JSON: by server, the folder of the PostgreSQL that it runs on where that is another version (npm run test:matrix). */
const NATIVES_VARIABLE = 'PG_VENEER_TEST_NATIVES';

/** A handshake of 4096 rounds on both sides is a tenth of what a test takes. The setting came with PostgreSQL 16. */
const QUICK_LOGIN = { scram_iterations: '1' };

/**
 * Starts the run's servers, tells where they are in a file that an environment variable names, and answers their stop.
 * `more`: settings of postgresql.conf.
 */
export async function startTestServers(
  more: Readonly<Record<string, string>> = {},
): Promise<() => Promise<void>> {
  const natives: Record<string, string> = JSON.parse(process.env[NATIVES_VARIABLE] ?? '{}');
  const login = Object.keys(natives).length === 0 ? QUICK_LOGIN : {};
  const settings = { max_connections: '200', ...login, ...more };
  const { dir, servers, close } = await startEphemeral(SERVERS, settings, natives);
  const env = bookstoreEnv(Object.fromEntries(servers.map(({ name, port }) => [name, port])), TEMPLATE);
  await furnish(bookstoreFleet(env), servers);
  const shown = servers.map((server) => ({ ...server, superuserUrl: server.superuserUrl.reveal() }));
  const file = join(dir, 'servers.json');
  await writeFile(file, JSON.stringify({ servers: shown, env }), { mode: 0o600 });
  process.env[STATE_VARIABLE] = file;
  return close;
}

/** The servers that this run's setup started. */
export function testServers(): TestServers {
  const file = process.env[STATE_VARIABLE];
  if (file === undefined) throw new Error('no servers: this test belongs under the project that starts them');
  const state: {
    servers: (Omit<TestServer, 'superuserUrl'> & { superuserUrl: string })[];
    env: Record<string, string>;
  } = JSON.parse(readFileSync(file, 'utf8'));
  return {
    env: state.env,
    servers: state.servers.map((server) => ({ ...server, superuserUrl: new Secret(server.superuserUrl) })),
  };
}
