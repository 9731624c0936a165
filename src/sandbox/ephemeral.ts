import { chmod, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { guard } from './guard.js';
import type { Settings } from './launch.js';
import { freePorts } from './ports.js';
import { processStart } from './process-probe.js';
import { serverFiles } from './server-files.js';
import { serverUser } from './server-user.js';
import { startServers, stopServers, type RunningServer } from './servers.js';
import { isOurs, tempFolder } from './temp-folder.js';

const PREFIX = 'pg-veneer-fleet-';

/** Servers in a temp folder, on free ports, that end with their owner. */
export interface EphemeralServers {
  readonly dir: string;
  readonly servers: readonly RunningServer[];
  /** Stops them and removes the folder; a second call does nothing. */
  readonly close: () => Promise<void>;
}

/**
 * Starts servers for a demo or a test run. They go away with `close`, by a guard where this process dies without
 * it, and where the guard died too, at the next call of this function. `natives`: folders of binaries by server.
 */
export async function startEphemeral(
  names: readonly string[],
  settings: Settings = {},
  natives: Readonly<Record<string, string>> = {},
): Promise<EphemeralServers> {
  const parent = await tempFolder(await serverUser());
  await removeAbandoned(parent);
  const dir = await mkdtemp(join(parent, `${PREFIX}${process.pid}-${await processStart(process.pid)}-`));
  const { release } = guard(dir);
  const close = async (): Promise<void> => {
    await removeFleet(dir);
    release();
  };
  try {
    await chmod(dir, 0o755);
    const ports = await freePorts(names.length);
    const specs = names.map((name, index) => ({
      name,
      port: ports[index] ?? 0,
      ...(natives[name] === undefined ? {} : { native: natives[name] }),
    }));
    return { dir, servers: await startServers(specs, { dir, settings }), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Removes the fleets whose owners are gone: the folder's name says which process that was, and when it began. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const [pid, start] = name.slice(PREFIX.length).split('-');
    const owned = (await processStart(Number(pid))) === start;
    const dir = join(parent, name);
    if (!owned && (await isOurs(dir).catch(() => false))) await removeFleet(dir);
  }
}

async function removeFleet(dir: string): Promise<void> {
  const names = await readdir(dir).catch(() => []);
  await stopServers(names.map((name) => serverFiles(dir, name)), 'immediate'); // prettier-ignore
  await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
