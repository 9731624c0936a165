import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';
import { showScans } from '../frame/foreign-scans.js';

const TENANTS = ['bluth_co', 'hooli', 'cyberdyne', 'initech'] as const;
const BOOKS = '20260105090000000_books';

export const story: Story = {
  about: 'a database, an admin role and an app role for each tenant, on servers that they share',
  async tell(shell, { to }) {
    const app = to('veneer', { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' });
    await begin(shell, app, to('veneer'));
    await joins(shell, app);
    await oneServer(shell, app);
  },
};

async function begin(shell: DemoShell, app: Connection, admin: Connection): Promise<void> {
  shell.say('Four databases on three servers: each is a member of the fleet, and a server of the veneer.');
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up', '--to', BOOKS], 0);
  const servers = await shell.query(admin, 'SELECT tenant, shard, server FROM pgveneer.tenants ORDER BY 1');
  expect(servers.length === TENANTS.length, 'a server for each tenant');
  shell.say("One connection writes to all of them; in each database it is that tenant's own user.");
  for (const tenant of TENANTS)
    await shell.query(
      app,
      `WITH austen AS (INSERT INTO ${tenant}.authors (last_name) VALUES ('Austen') RETURNING id)
       INSERT INTO ${tenant}.books (author_id, title) SELECT id, 'Emma' FROM austen RETURNING title`,
    );
}

async function joins(shell: DemoShell, app: Connection): Promise<void> {
  shell.say(
    "Two tables of one tenant are joined in the tenant's database: one Foreign Scan, with Relations.",
  );
  const together = await showScans(
    shell,
    app,
    `SELECT b.title FROM hooli.books b JOIN hooli.authors a ON a.id = b.author_id WHERE a.last_name = 'Austen'`,
  );
  expect(together.length === 1, 'one Foreign Scan');
  shell.say(
    'Two tenants are joined on the veneer, on one server too: their databases know nothing of each other.',
  );
  const apart = await showScans(
    shell,
    app,
    `SELECT a.title FROM bluth_co.books a JOIN hooli.books b ON b.title = a.title WHERE a.publish_date IS NULL`,
  );
  expect(apart.length === 2, 'two Foreign Scans');
}

async function oneServer(shell: DemoShell, app: Connection): Promise<void> {
  shell.say('A server at a time: --shard takes all of its databases.');
  await shell.migrate(['up', '--shard', 'server1'], 0);
  await shell.migrate(['status'], 10);
  await shell.migrate(['up'], 0);
  const rows = await shell.query(app, 'SELECT title, price FROM cyberdyne.books');
  expect(rows[0]?.['price'] === '0.00', 'the new column');
  await shell.migrate(['status'], 0);
}
