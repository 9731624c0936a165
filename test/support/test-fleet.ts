import { Client } from 'pg';
import { urlWith } from '../../src/sandbox/databases.js';
import type { TestProject } from './test-project.js';
import type { TestServer } from './test-servers.js';

/** Whom a test connects as: the member's owner, the application's role, or the one that may do everything. */
export type As = 'admin' | 'app' | 'superuser';

/** Four databases on four servers, and a project folder that describes them as a fleet. */
export interface TestFleet extends TestProject {
  /** The fleet's name in shards.yaml. */
  readonly name: string;
  /** The database's name, the same on every server. */
  readonly database: string;
  /** The variables of .env. */
  readonly env: Readonly<Record<string, string>>;
  readonly servers: readonly TestServer[];
  /** A connection to one member's database (admin unless told otherwise); closed with the fleet. */
  connect: (member: string, as?: As) => Promise<Client>;
  /** One statement on a connection of its own. */
  query: (member: string, sql: string, as?: As) => Promise<Record<string, unknown>[]>;
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
  const open = new Set<Client>();
  const urlOf = (member: string, as: As = 'admin'): string => url(parts, member, as);
  const connect = async (member: string, as: As = 'admin'): Promise<Client> => {
    const client = new Client({ connectionString: urlOf(member, as), application_name: 'test' });
    client.on('error', () => undefined); // a test that kills a server expects to lose its connections
    await client.connect();
    open.add(client);
    return client;
  };
  const query: TestFleet['query'] = async (member, sql, as) => {
    const client = await connect(member, as);
    open.delete(client);
    try {
      return (await client.query<Record<string, unknown>>(sql)).rows;
    } finally {
      await client.end();
    }
  };
  const close = async (): Promise<void> => {
    await Promise.all([...open].map((client) => client.end().catch(() => undefined)));
    await Promise.all([release(), project.remove()]);
  };
  return { ...project, ...parts, urlOf, connect, query, close };
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
