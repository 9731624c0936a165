import { EXIT, VeneerError } from '../errors.js';
import { Secret } from '../secret.js';
import type { RoleSpec } from './databases.js';
import type { ServerSpec } from './servers.js';

/** Variables by name, as .env gives them. */
export type Env = Readonly<Record<string, string | undefined>>;

/** One server of the sample fleet, with the database and the roles that it begins with. */
export interface FleetServer extends ServerSpec {
  readonly database: string;
  /** Owns the database; its name and password are the url's. */
  readonly admin: RoleSpec;
  readonly app: RoleSpec;
  /** A veneer gets postgres_fdw, which its admin, no superuser, may then use. */
  readonly isVeneer: boolean;
}

export const VENEER = 'veneer';
export const SHARDS: readonly string[] = ['shard1', 'shard2', 'shard3'];

/** The sample fleet's servers, in the order in which they are shown. */
export const SERVERS: readonly string[] = [VENEER, ...SHARDS];

const LOCAL = new Set(['localhost', '127.0.0.1']);

/**
 * The sample fleet as the variables of .env.example describe it. Throws a VeneerError (exit 78) that names every
 * variable that is missing, is no url of this machine, or contradicts another one.
 */
export function bookstoreFleet(env: Env): readonly FleetServer[] {
  const problems: string[] = [];
  const fleet = SERVERS.map((name) => fleetServer(name, env, problems));
  if (problems.length === 0) return fleet;
  throw new VeneerError(`the sandbox cannot be described: ${problems.join('; ')}`, {
    exitCode: EXIT.config,
    hint: "it is the sample fleet of pg-veneer's own repository: .env needs the variables of the .env.example there",
  });
}

function fleetServer(name: string, env: Env, problems: string[]): FleetServer {
  const key = name.toUpperCase();
  const portVariable = `${key}_URL`;
  const url = parseUrl(portVariable, env, problems);
  const password = decodeURIComponent(url.password);
  const isVeneer = name === VENEER;
  if (!isVeneer && (env[`ADMIN_PASSWORD_${key}`] ?? password) !== password) {
    problems.push(`ADMIN_PASSWORD_${key} is not the password in ${portVariable}`);
  }
  if (!isVeneer && (env[`${key}_PORT`] ?? url.port) !== url.port) {
    problems.push(`${key}_PORT is not the port in ${portVariable}`);
  }
  return {
    name,
    portVariable: isVeneer ? portVariable : `${portVariable} and ${key}_PORT`,
    port: Number(url.port),
    database: decodeURIComponent(url.pathname.slice(1)),
    admin: { name: decodeURIComponent(url.username), password: new Secret(password) },
    app: appOf(
      isVeneer ? VENEER : 'bookstore',
      isVeneer ? 'VENEER_APP_PASSWORD' : `APP_PASSWORD_${key}`,
      env,
      problems,
    ),
    isVeneer,
  };
}

function appOf(prefix: string, variable: string, env: Env, problems: string[]): RoleSpec {
  const password = env[variable];
  if (!password) problems.push(`${variable} is not set`);
  return { name: `${prefix}_app`, password: new Secret(password ?? '') };
}

/** An answer that cannot be used comes with a problem, so what it holds does not matter. */
function parseUrl(variable: string, env: Env, problems: string[]): URL {
  const text = env[variable];
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : null;
  const problem = problemWith(text, url);
  if (problem !== null) problems.push(`${variable} ${problem}`);
  return url ?? new URL('postgres://none');
}

function problemWith(text: string | undefined, url: URL | null): string | null {
  if (!text) return 'is not set';
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) return 'is not a postgres:// url';
  if (!LOCAL.has(url.hostname)) return `names host ${url.hostname}, but the sandbox runs on localhost`;
  const complete = url.port && url.username && url.password && url.pathname.length > 1;
  return complete ? null : 'needs user, password, port and database';
}
