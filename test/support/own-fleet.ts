import { bookstoreEnv } from '../../src/sandbox/bookstore-env.js';
import { bookstoreFleet, SERVERS } from '../../src/sandbox/bookstore-fleet.js';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import { furnish } from '../../src/sandbox/furnish.js';
import type { Settings } from '../../src/sandbox/launch.js';
import { findPostmaster, stopPostmaster } from '../../src/sandbox/postmaster.js';
import { startServers } from '../../src/sandbox/servers.js';
import { testFleet, type TestFleet } from './test-fleet.js';
import { bookstoreYaml, makeProject } from './test-project.js';

/** A fleet on servers of its own, for tests that stop or kill them, or need other settings. */
export interface OwnFleet extends TestFleet {
  /** Sends a signal to a server's first process: SIGKILL is its crash, SIGSTOP and SIGCONT a host that hangs. */
  signal: (member: string, signal: NodeJS.Signals) => Promise<void>;
  stop: (member: string) => Promise<void>;
  /** Starts a server again on its port, after `stop` or a crash. */
  start: (member: string) => Promise<void>;
}

/** Starts it: about two seconds. One per test file is meant to be enough. */
export async function startOwnFleet(settings: Settings = {}): Promise<OwnFleet> {
  const { dir, servers, close } = await startEphemeral(SERVERS, settings);
  const database = 'bookstore';
  const env = bookstoreEnv(Object.fromEntries(servers.map(({ name, port }) => [name, port])), database);
  await furnish(bookstoreFleet(env), servers);
  const name = `own_${servers[0]!.port}`;
  const project = await makeProject(bookstoreYaml(name), env);
  const server = (member: string) => servers.find((candidate) => candidate.name === member)!;
  return {
    ...testFleet({ name, database, env, servers, project, release: close }),
    async signal(member, signal) {
      const found = await findPostmaster(server(member).dataDir);
      if (found === null) throw new Error(`${member} does not run`);
      process.kill(found.pid, signal);
    },
    async stop(member) {
      await stopPostmaster(server(member).dataDir);
    },
    async start(member) {
      await startServers([{ name: member, port: server(member).port }], { dir, settings });
    },
  };
}
