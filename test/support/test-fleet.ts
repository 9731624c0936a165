import { urlWith } from '../../src/sandbox/databases.js';
import { clientsBy, type Clients } from './clients.js';
import type { TestProject } from './test-project.js';
import type { TestServer } from './test-servers.js';

/** Whom a test connects as: the member's owner, unless told otherwise, the application's role, or the one that may do everything. */
export type As = 'admin' | 'app' | 'superuser';

/** Four databases on four servers, and a project folder that describes them as a fleet. */
export interface TestFleet extends TestProject, Omit<Clients<As>, 'end'> {
  /** The fleet's name in shards.yaml. */
  readonly name: string;
  /** The database's name, the same on every server. */
  readonly database: string;
  /** The variables of .env. */
  readonly env: Readonly<Record<string, string>>;
  readonly servers: readonly TestServer[];
  urlOf: (member: string, as?: As) => string;
  /** Ends all connections and removes databases and folder. */
  close: () => Promise<void>;
}

/** What a fleet is made of; `release` removes its databases or servers once the connections are closed. */
export interface FleetParts {
  readonly name: string;
  readonly database: string;
  readonly env: Readonly<Record<string, string>>;
  readonly servers: readonly TestServer[];
  readonly project: TestProject;
  readonly release: () => Promise<void>;
}

export function testFleet({ project, release, ...parts }: FleetParts): TestFleet {
  const urlOf = (member: string, as: As = 'admin'): string => url(parts, member, as);
  const { end, ...clients } = clientsBy(urlOf);
  const close = async (): Promise<void> => {
    await end();
    await Promise.all([release(), project.remove()]);
  };
  return { ...project, ...parts, ...clients, urlOf, close };
}

function url(
  { env, servers, database }: Omit<FleetParts, 'project' | 'release'>,
  member: string,
  as: As,
): string {
  const key = member.toUpperCase();
  const admin = env[`${key}_URL`];
  const server = servers.find(({ name }) => name === member);
  if (admin === undefined || server === undefined) throw new Error(`no member ${member}`);
  if (as === 'superuser') return urlWith(server.superuserUrl.reveal(), { database });
  if (as === 'admin') return admin;
  return member === 'veneer'
    ? urlWith(admin, { user: 'veneer_app', password: env.VENEER_APP_PASSWORD ?? '' })
    : urlWith(admin, { user: 'bookstore_app', password: env[`APP_PASSWORD_${key}`] ?? '' });
}
