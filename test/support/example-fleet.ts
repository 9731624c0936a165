import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { loadExample } from '../../examples/frame/example.js';
import { startExample, type As, type RunningExample } from '../../examples/frame/start-example.js';
import { urlWith } from '../../src/sandbox/databases.js';
import { demoShell } from '../../src/sandbox/demo-shell.js';
import type { Settings } from '../../src/sandbox/launch.js';
import { stopPostmaster } from '../../src/sandbox/postmaster.js';
import { startServers, type RunningServer } from '../../src/sandbox/servers.js';
import { clientsBy, type Clients } from './clients.js';
import { commandsOn, type Commands } from './commands.js';
import { logged } from './logged.js';

/** An example as `npm run example` starts it, with what tests do on it; they connect as a member's owner unless told otherwise. */
export interface ExampleFleet extends RunningExample, Omit<Clients<As | 'superuser'>, 'end'> {
  /** The project's folder. */
  readonly dir: string;
  readonly run: Commands;
  /** Tells its story to the end; answers all that it printed. */
  tell: () => Promise<string>;
  /** What a member's server logs from now on about its database. */
  logged: (member: string) => Promise<() => Promise<string>>;
  stop: (member: string) => Promise<void>;
  /** Starts a server again on its port. */
  start: (member: string) => Promise<void>;
  /** Writes a file of the project. */
  write: (file: string, text: string) => Promise<void>;
  /** Changes shards.yaml; a change that changes nothing is an error. */
  rewrite: (change: (yaml: string) => string) => Promise<void>;
}

const CLI = fileURLToPath(new URL('../../dist/bin/migrate.js', import.meta.url));

/** Starts it: two seconds or three, on servers of its own. */
export async function exampleFleet(name: string, settings: Settings = {}): Promise<ExampleFleet> {
  const example = await loadExample(name);
  const running = await startExample(example, settings);
  const { project: dir } = running;
  const urlOf = (member: string, as?: As | 'superuser'): string =>
    as === 'superuser' ? superuser(running, member) : running.to(member, as).url;
  const { end, ...clients } = clientsBy(urlOf);
  const write = async (file: string, text: string): Promise<void> => {
    await mkdir(path.dirname(path.join(dir, file)), { recursive: true });
    await writeFile(path.join(dir, file), text);
  };
  return {
    ...running,
    dir,
    run: commandsOn({ dir }),
    ...clients,
    write,
    async tell() {
      const said: string[] = [];
      const { signal } = new AbortController();
      const shell = demoShell({ project: dir, cli: CLI, signal, write: (text) => void said.push(text) });
      await example.tell(shell, running).catch((error: Error) => {
        throw new Error(`${error.message}\n${said.join('')}`, { cause: error });
      });
      return said.join('');
    },
    async stop(member) {
      await stopPostmaster(serverOf(running, member).dataDir);
    },
    async start(member) {
      const { name, port } = serverOf(running, member);
      await startServers([{ name, port }], { dir: running.home, settings });
    },
    logged: (member) => logged({ servers: running.servers, database: databaseOf(urlOf(member)) }, member),
    async rewrite(change) {
      const before = await readFile(path.join(dir, 'shards.yaml'), 'utf8');
      const after = change(before);
      if (after === before) throw new Error('shards.yaml stays as it is');
      await write('shards.yaml', after);
    },
    async close() {
      await end();
      await running.close();
    },
  };
}

const databaseOf = (url: string): string => decodeURIComponent(new URL(url).pathname.slice(1));

const superuser = (fleet: RunningExample, member: string): string =>
  urlWith(serverOf(fleet, member).superuserUrl.reveal(), { database: databaseOf(fleet.to(member).url) });

function serverOf({ servers, to }: RunningExample, member: string): RunningServer {
  const { port } = new URL(to(member).url);
  const server = servers.find((one) => String(one.port) === port);
  if (server === undefined) throw new Error(`no server of ${member}`);
  return server;
}
