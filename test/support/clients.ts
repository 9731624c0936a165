import { Client } from 'pg';

/** Connections of a test to the members of a fleet, as one of the users that the fleet knows. */
export interface Clients<As> {
  /** A connection to one member's database; closed with the fleet. */
  connect: (member: string, as?: As) => Promise<Client>;
  /** One statement on a connection of its own. */
  query: (member: string, sql: string, as?: As) => Promise<Record<string, unknown>[]>;
  /** Ends all that are open. */
  end: () => Promise<void>;
}

/** Opens them by the url of a member and a user. */
export function clientsBy<As>(urlOf: (member: string, as?: As) => string): Clients<As> {
  const open = new Set<Client>();
  const connect = async (member: string, as?: As): Promise<Client> => {
    const client = new Client({ connectionString: urlOf(member, as), application_name: 'test' });
    client.on('error', () => undefined); // a test that kills a server expects to lose its connections
    await client.connect();
    open.add(client);
    return client;
  };
  return {
    connect,
    async query(member, sql, as) {
      const client = await connect(member, as);
      open.delete(client);
      try {
        return (await client.query<Record<string, unknown>>(sql)).rows;
      } finally {
        await client.end();
      }
    },
    async end() {
      await Promise.all([...open].map((client) => client.end().catch(() => undefined)));
    },
  };
}
