import { mkdir } from 'node:fs/promises';
import { EXIT, VeneerError } from '../errors.js';
import { Secret } from '../secret.js';
import { findBinaries, type Binaries } from './binaries.js';
import { initialise } from './initialise.js';
import { launch, type Settings } from './launch.js';
import { isFree, LISTEN_ADDRESS } from './ports.js';
import { findPostmaster, stopPostmaster, type StopMode } from './postmaster.js';
import { serverFiles, SUPERUSER } from './server-files.js';
import { serverUser, type ServerUser } from './server-user.js';

export interface ServerSpec {
  readonly name: string;
  readonly port: number;
  /** The variable that the port comes from, for messages. */
  readonly portVariable?: string;
  /** The folder of binaries that it runs on: another version's; left out: the one that this package depends on. */
  readonly native?: string;
}

export interface ServersOptions {
  /** The fleet's folder: absolute, and the servers' user can enter it. */
  readonly dir: string;
  /** Over the defaults: 64 prepared transactions, localhost, every statement logged, no fsync. */
  readonly settings?: Settings;
}

export interface RunningServer {
  readonly name: string;
  readonly port: number;
  readonly pid: number;
  readonly dataDir: string;
  readonly logFile: string;
  /** Of the database `postgres`. */
  readonly superuserUrl: Secret;
  /** False where it ran already. */
  readonly started: boolean;
}

/**
 * Starts servers in parallel, detached: they outlive this process. One that runs already on its port is left alone;
 * where one cannot start, those that this call started are stopped again. Throws a VeneerError.
 */
export async function startServers(
  specs: readonly ServerSpec[],
  options: ServersOptions,
): Promise<readonly RunningServer[]> {
  await mkdir(options.dir, { recursive: true });
  const user = await serverUser();
  const ends = await Promise.allSettled(
    specs.map(async (spec) =>
      startServer(spec, options, user, await findBinaries(user, options.dir, spec.native)),
    ),
  );
  const failure = ends.find((end) => end.status === 'rejected');
  const running = ends.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : []));
  if (failure === undefined) return running;
  await stopServers(running.filter((server) => server.started));
  throw failure.reason;
}

/** Stops servers in parallel. Throws when one does not end. */
export async function stopServers(
  servers: readonly { readonly dataDir: string }[],
  mode: StopMode = 'fast',
): Promise<void> {
  await Promise.all(servers.map((server) => stopPostmaster(server.dataDir, mode)));
}

async function startServer(
  spec: ServerSpec,
  options: ServersOptions,
  user: ServerUser | null,
  binaries: Binaries,
): Promise<RunningServer> {
  const files = serverFiles(options.dir, spec.name);
  const present = await findPostmaster(files.dataDir);
  const keep = present?.ready === true && present.port === spec.port;
  if (!keep) {
    await stopPostmaster(files.dataDir);
    await requireFreePort(spec);
  }
  const password = await initialise(files, binaries, user);
  const { postgres } = binaries;
  const settings = options.settings ?? {};
  const { pid } = keep ? present : await launch({ ...spec, files, postgres, user, settings });
  const superuserUrl = new Secret(
    `postgres://${SUPERUSER}:${password.reveal()}@${LISTEN_ADDRESS}:${spec.port}/postgres`,
  );
  const { dataDir, logFile } = files;
  return { name: spec.name, port: spec.port, pid, dataDir, logFile, superuserUrl, started: !keep };
}

async function requireFreePort({ name, port, portVariable }: ServerSpec): Promise<void> {
  if (await isFree(port)) return;
  throw new VeneerError(`port ${port} is already in use, so server ${name} cannot start`, {
    exitCode: EXIT.config,
    where: { member: name },
    hint:
      portVariable === undefined
        ? 'choose another port'
        : `stop what listens there, or change ${portVariable}`,
  });
}
