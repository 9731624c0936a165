import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, type Problem, type VeneerError } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { inParallel } from '../../parallel.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { tryLogin, type Login } from '../../postgres/try-login.js';

/** What became of logging in on shards as their user mappings do. */
export interface MappingsTried {
  /** By shard: its server refuses the password of some. */
  readonly refused: ReadonlyMap<string, Problem>;
  /** By shard: logins that failed for another reason, which tells nothing of a login from the veneer. */
  readonly untried: ReadonlyMap<string, readonly string[]>;
}

/**
 * Tries users and passwords of user mappings before they are written, on the shards themselves and from this machine: on a
 * veneer they may be neither readable nor usable for who runs setup. `isReached`: shards that answer.
 */
export async function tryMappings(
  config: Config,
  who: string,
  isReached: (shard: string) => boolean,
): Promise<MappingsTried> {
  const routes = routesOf(config);
  const shown = new Set(routes.flatMap((route) => [...route.keys()]));
  const shards = config.shards.filter(({ name }) => shown.has(name) && isReached(name));
  const logins = [...groupBy(shards.flatMap(loginsOf(routes, who)), keyOf).values()];
  const answers = await inParallel(logins, config.rollout.concurrency, async (alike) => {
    const [login] = alike;
    const error = login === undefined ? null : await tryLogin(login);
    return error === null ? [] : alike.map((one) => ({ ...one, error }));
  });
  return toldOf(answers.flat());
}

interface MappingLogin extends Login {
  readonly role: string;
  /** All veneers reach the shard where this run does: what it refuses here, it refuses there. */
  readonly isDirect: boolean;
}

interface FailedLogin extends MappingLogin {
  readonly error: VeneerError;
}

/** A mapping without a password logs in by something that lies on the veneer's machine. */
const loginsOf =
  (routes: Routes, who: string) =>
  (shard: ShardConfig): MappingLogin[] => {
    const { name, url, userMappings } = shard;
    const common = {
      member: name,
      url,
      applicationName: `pgv reading ${who}`,
      isDirect: isDirect(routes, shard),
    };
    return userMappings.flatMap(({ role, user, password }) =>
      password === null ? [] : [{ ...common, role, user, password }],
    );
  };

/** Another host or port may be a pooler's, with users of its own; the names of this machine are one. */
function isDirect(routes: Routes, { name, url }: ShardConfig): boolean {
  const { hostname, port } = new URL(url.reveal());
  const own = endpoint(hostname, port);
  return routes.every((route) => {
    const options = route.get(name);
    return options === undefined || endpoint(options['host'], options['port']) === own;
  });
}

/** By veneer, the options of the servers by which it reaches the shards. */
type Routes = readonly ReadonlyMap<string, ShardConfig['server']['options']>[];

const routesOf = (config: Config): Routes =>
  config.veneers.map(
    ({ name }) => new Map(shardsShownOn(config, name).map((one) => [one.name, one.server.options])),
  );

const endpoint = (host = '', port = ''): string =>
  `${LOOPBACK.has(host) ? 'localhost' : host}:${port === '' ? '5432' : port}`;

const LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1', '[::1]', '']);

/** The databases of one server have the same roles: each password is tried once. */
function keyOf({ url, user, password }: MappingLogin): string {
  const { host, searchParams } = new URL(url.reveal());
  return JSON.stringify([host, searchParams.get('host'), searchParams.get('port'), user, password.reveal()]);
}

function toldOf(failed: readonly FailedLogin[]): MappingsTried {
  const isRefused = ({ error, isDirect }: FailedLogin): boolean =>
    isDirect && isState(error, SQLSTATE.invalidPassword);
  const refused = groupBy(failed.filter(isRefused), ({ member }) => member);
  const untried = groupBy(
    failed.filter((one) => !isRefused(one)),
    ({ member }) => member,
  );
  return {
    refused: new Map([...refused].map(([shard, logins]) => [shard, refusal(shard, logins)])),
    untried: new Map([...untried].map(([shard, logins]) => [shard, logins.map(untriedText)])),
  };
}

const untriedText = ({ role, user, error }: FailedLogin): string =>
  `whether role ${role} can log in as ${user} could not be tried from here: ${error.message}`;

/** {@link MappingsTried.untried} as notices of a report. */
export const untriedNotices = ({ untried }: MappingsTried): string[] =>
  [...untried].flatMap(([shard, texts]) => texts.map((text) => `${shard}: ${text}`));

const refusal = (shard: string, logins: readonly FailedLogin[]): Problem => ({
  message: `${shard} refuses the password of ${logins.map(({ role, user }) => `${user} (role ${role})`).join(', ')}`,
  exitCode: EXIT.failed,
  where: { member: shard },
  sqlstate: SQLSTATE.invalidPassword,
  hint: `correct it in .env, or where shards.yaml has it under roles, then run migrate setup again; the user mappings that lead to ${shard} stay as they are until then`,
});
