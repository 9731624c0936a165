import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parse as parseEnv } from 'dotenv';
import { parse as parseYaml } from 'yaml';

/** A server of an example, as its docker-compose.yml describes it. */
export interface ComposeServer {
  readonly name: string;
  /** On this machine. */
  readonly port: number;
  /** What psql runs when the container is created. */
  readonly script: string;
  /** What the script finds in its environment. */
  readonly environment: Readonly<Record<string, string>>;
}

/** An example's servers, and the variables of its shards.yaml in containers. */
export interface ComposeFleet {
  readonly servers: readonly ComposeServer[];
  readonly variables: Readonly<Record<string, string>>;
}

interface Service {
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Reads docker-compose.yml and .env.compose of a folder: the one description of an example's servers. */
export async function readCompose(folder: string): Promise<ComposeFleet> {
  const read = (file: string): Promise<string> => readFile(path.join(folder, file), 'utf8');
  const variables = parseEnv(await read('.env.compose'));
  const { services } = parseYaml(await read('docker-compose.yml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>;
  };
  const servers = Object.entries(services).map(async ([name, { ports, volumes, environment }]) => ({
    name,
    port: Number(ports[0]?.split(':')[1]),
    script: await read(volumes[0]?.split(':')[0] ?? ''),
    environment: { ...variables, ...environment },
  }));
  return { servers: await Promise.all(servers), variables };
}

/**
 * The same variables where the servers listen on other ports of this machine, not in containers. A server called `usa`
 * is reached at the port in `USA_URL`, and by veneers at `USA_HOST` and `USA_PORT`.
 */
export function onPorts(
  { servers, variables }: ComposeFleet,
  ports: Readonly<Record<string, number>>,
): Readonly<Record<string, string>> {
  const moved = new Map(servers.map(({ name, port }) => [String(port), String(ports[name])]));
  const urls = Object.entries(variables).map(([name, value]) => [name, movedUrl(value, moved)]);
  const routes = servers.flatMap(({ name }) => [
    [`${name.toUpperCase()}_HOST`, '127.0.0.1'],
    [`${name.toUpperCase()}_PORT`, String(ports[name])],
  ]);
  return Object.fromEntries([...urls, ...routes.filter(([key = '']) => key in variables)]);
}

function movedUrl(value: string, moved: ReadonlyMap<string, string>): string {
  if (!value.startsWith('postgres://')) return value;
  const url = new URL(value);
  url.host = `127.0.0.1:${moved.get(url.port) ?? url.port}`;
  return url.href;
}
