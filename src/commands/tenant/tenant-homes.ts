import { readRoles } from '../../catalog/read-privileges.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import {
  countHeld,
  findDatabase,
  homeOf,
  type FoundDatabase,
  type Home,
} from '../../protocol/tenants/tenant-database.js';
import { createRole, missingOnVeneer } from '../setup/setup-veneer.js';

/** What is to be done about a tenant's database before its step. */
export interface PlannedHome extends Home {
  /** It is made; it is there and an earlier run made it, for nothing that was committed; it is there, and empty. */
  readonly is: 'to make' | 'left by a run' | 'there';
}

/** The databases of new tenants, or why they cannot be made. */
export interface HomesPlan {
  readonly homes: readonly PlannedHome[];
  readonly problems: readonly Problem[];
}

/**
 * Looks at the servers before anything is made there. `inside`: a session in a database that is there. All that is missing is
 * said at once, since it is somebody else's to make: roles have passwords.
 */
export async function planHomes(
  config: Config,
  shards: readonly ShardConfig[],
  server: Session,
  inside: (shard: ShardConfig) => Session,
): Promise<HomesPlan> {
  const planned: PlannedHome[] = [];
  const problems: Problem[] = [];
  for (const shard of shards) {
    const home = homeOf(shard, server);
    const found = await findDatabase(server, home);
    const problem = found === null ? null : await occupied(config, home, found, inside);
    if (problem !== null) problems.push(problem);
    planned.push({
      ...home,
      is: found === null ? 'to make' : found.mark === null ? 'there' : 'left by a run',
    });
  }
  const lacking = await lackingFor(server, planned);
  return { homes: planned, problems: [...lacking, ...problems] };
}

/** Why a database that is there is not taken; null where it is. */
async function occupied(
  { fleet }: Config,
  { shard, database }: Home,
  { mark }: FoundDatabase,
  inside: (shard: ShardConfig) => Session,
): Promise<Problem | null> {
  const [tenant = ''] = shard.tenants.map(({ name }) => name);
  const common = { exitCode: EXIT.failed, where: { member: shard.name, tenant } };
  if (mark !== null && mark.fleet !== fleet)
    return {
      ...common,
      message: `database ${database} is ${mark.kind} by fleet ${mark.fleet}, which has not come to its end there`,
      hint: 'two fleets have no database in common: choose another name, or finish there first',
    };
  if (mark?.kind === 'dropped')
    return {
      ...common,
      message: `database ${database} is that of a tenant which was dropped, all but the database itself`,
      hint: `finish that first: migrate tenant drop ${tenant} --shard ${shard.key}`,
    };
  const held = await countHeld(inside(shard));
  if (held === 0) return null;
  return {
    ...common,
    message: `database ${database} is not empty: it holds ${held} objects`,
    hint: 'a database with tables is adopted, not made: list the tenant in shards.yaml, then migrate setup and migrate baseline',
  };
}

/** What only somebody with more rights can make on the server. */
async function lackingFor(server: Session, homes: readonly PlannedHome[]): Promise<Problem[]> {
  const { user, version } = server.server;
  const owners = [...new Set(homes.map(({ owner }) => owner))].filter((owner) => owner !== user);
  const users = homes.flatMap(({ shard }) => shard.userMappings.map((mapping) => mapping.user));
  const present = await readRoles(server, [...new Set([...owners, ...users])]);
  const [may] = await server.query<{ creates: boolean }>(
    'SELECT rolcreatedb OR rolsuper AS creates FROM pg_roles WHERE rolname = current_user',
  );
  // Since 16 a member may SET ROLE only where its membership says so.
  const isMember = `SELECT pg_has_role($1, ${version < 160_000 ? "'MEMBER'" : "'SET'"}) AS may`;
  const statements: string[] = [];
  if (may?.creates !== true && homes.some((home) => home.is === 'to make'))
    statements.push(`ALTER ROLE ${ident(user)} CREATEDB`);
  for (const owner of owners) {
    const isThere = present.has(owner);
    const [row] = isThere ? await server.query<{ may: boolean }>(isMember, [owner]) : [];
    if (!isThere) statements.push(users.includes(owner) ? createRole(owner) : `CREATE ROLE ${ident(owner)}`);
    if (row?.may !== true) statements.push(`GRANT ${ident(owner)} TO ${ident(user)}`);
  }
  for (const name of new Set(users))
    if (!present.has(name) && !owners.includes(name)) statements.push(createRole(name));
  return statements.length === 0 ? [] : [lacks(server.member, statements)];
}

/** What the runner lacks on the veneers, which the new servers and mappings need. */
export async function lackingOnVeneers(
  config: Config,
  sessionOf: (member: string) => Session,
): Promise<Problem[]> {
  const problems: Problem[] = [];
  for (const { name } of config.veneers) {
    const { forSuperuser, rights } = await missingOnVeneer(config, sessionOf(name));
    const statements = [...forSuperuser, ...rights];
    if (statements.length > 0) problems.push(lacks(name, statements));
  }
  return problems;
}

const lacks = (member: string, statements: readonly string[]): Problem => ({
  message: `${member} lacks what its user may not make itself; nothing was made`,
  exitCode: EXIT.failed,
  where: { member },
  hint: `have a superuser run there: ${statements.join('; ')}; then run the same command again`,
});
