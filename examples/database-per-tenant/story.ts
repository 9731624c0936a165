import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';

const TENANTS = ['bluth_co', 'hooli', 'cyberdyne'] as const;
const BOOKS = '20260105090000000_books';

export const story: Story = {
  about: 'a database, an admin role and an app role for each tenant, on servers that they share',
  async tell(shell, { to }) {
    const app = to('veneer', { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' });
    await begin(shell, app, to('veneer'));
    await oneTenant(shell, app);
  },
};

async function begin(shell: DemoShell, app: Connection, admin: Connection): Promise<void> {
  shell.say('Three databases on two servers: each is a member of the fleet, and a server of the veneer.');
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up', '--to', BOOKS], 0);
  const servers = await shell.query(admin, 'SELECT tenant, shard, server FROM pgveneer.tenants ORDER BY 1');
  expect(servers.length === TENANTS.length, 'a server for each tenant');
  shell.say("One connection writes to all of them; in each database it is that tenant's own user.");
  for (const tenant of TENANTS)
    await shell.query(app, `INSERT INTO ${tenant}.books (title) VALUES ('Emma') RETURNING title`);
}

async function oneTenant(shell: DemoShell, app: Connection): Promise<void> {
  shell.say('A server at a time: --shard takes all of its databases.');
  await shell.migrate(['up', '--shard', 'server1'], 0);
  await shell.migrate(['status'], 10);
  await shell.migrate(['up'], 0);
  const rows = await shell.query(app, 'SELECT title, price FROM cyberdyne.books');
  expect(rows[0]?.['price'] === '0.00', 'the new column');
  await shell.migrate(['status'], 0);
}
