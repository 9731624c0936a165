import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { urlWith, withSuperuser } from '../../src/sandbox/databases.js';
import { copyMigrations } from '../../src/sandbox/bookstore-project.js';
import type { Connection } from '../../src/sandbox/demo-shell.js';
import { startEphemeral } from '../../src/sandbox/ephemeral.js';
import type { Settings } from '../../src/sandbox/launch.js';
import type { RunningServer } from '../../src/sandbox/servers.js';
import { onPorts, readCompose, type ComposeServer } from './compose.js';
import { readInitScript } from './init-script.js';

/** Whom to connect as: a role of a server, and the variable that holds its password. */
export interface As {
  readonly user: string;
  readonly password: string;
}

/** Where an example's files are. */
export interface ExampleFiles {
  /** Where its shards.yaml, migrations and docker-compose.yml are. */
  readonly folder: string;
  /** Files of its migrations, where there may be others beside them; left out: all that are there. */
  readonly migrations?: readonly string[];
}

/** An example's servers, and a copy of its project that is set to them. */
export interface RunningExample {
  readonly servers: readonly RunningServer[];
  /** The servers' folder. */
  readonly home: string;
  /** Holds shards.yaml, migrations and .env. */
  readonly project: string;
  readonly variables: Readonly<Record<string, string>>;
  /** A connection to a member's database, as its owner unless told otherwise. */
  readonly to: (member: string, as?: As) => Connection;
  /** Stops the servers and removes both folders. */
  readonly close: () => Promise<void>;
}

/**
 * Starts what a folder's docker-compose.yml describes as embedded servers on free ports, with what its init scripts
 * make, and copies the project, so that migrations can be added to it. Everything goes away with `close`.
 */
export async function startExample(example: ExampleFiles, settings: Settings = {}): Promise<RunningExample> {
  const compose = await readCompose(example.folder);
  const { dir, servers, close } = await startEphemeral(
    compose.servers.map(({ name }) => name),
    settings,
  );
  const project = await mkdtemp(path.join(tmpdir(), 'pg-veneer-example-'));
  const remove = async (): Promise<void> => {
    await Promise.all([close(), rm(project, { recursive: true, force: true })]);
  };
  try {
    await Promise.all(compose.servers.map((described) => initialiseServer(described, servers)));
    const ports = Object.fromEntries(servers.map(({ name, port }) => [name, port]));
    const variables = onPorts(compose, ports);
    await copyProject(example, project, variables);
    const to = (member: string, as?: As): Connection => connection(variables, member, as);
    return { servers, home: dir, project, variables, to, close: remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function initialiseServer(
  { name, script, environment }: ComposeServer,
  servers: readonly RunningServer[],
): Promise<void> {
  const server = servers.find((running) => running.name === name);
  if (server === undefined) throw new Error(`no server ${name}`);
  for (const { database, statements } of readInitScript(script, environment)) {
    await withSuperuser(server, database, async (session) => {
      await session.run('RESET search_path');
      for (const statement of statements) await session.run(statement);
    });
  }
}

async function copyProject(
  { folder, migrations }: ExampleFiles,
  to: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  await writeFile(path.join(to, 'shards.yaml'), await readFile(path.join(folder, 'shards.yaml')));
  if (migrations === undefined)
    await cp(path.join(folder, 'migrations'), path.join(to, 'migrations'), { recursive: true });
  else await copyMigrations(folder, to, migrations);
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  await writeFile(path.join(to, '.env'), lines.join(''), { mode: 0o600 });
}

function connection(
  variables: Readonly<Record<string, string>>,
  member: string,
  as: As | undefined,
): Connection {
  const own = variables[`${member.toUpperCase()}_URL`];
  if (own === undefined) throw new Error(`no member ${member}`);
  const password = as === undefined ? '' : variables[as.password];
  if (password === undefined) throw new Error(`no variable ${as?.password}`);
  const url = as === undefined ? own : urlWith(own, { user: as.user, password });
  return { prompt: `${member} as ${decodeURIComponent(new URL(url).username)}`, url };
}
