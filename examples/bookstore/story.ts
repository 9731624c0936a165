import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import { BOOKSTORE_MIGRATIONS } from '../../src/sandbox/bookstore-project.js';
import { tellStory } from '../../src/sandbox/demo-story.js';
import type { Story } from '../frame/example.js';
import { showScans } from '../frame/foreign-scans.js';

export const story: Story = {
  about: 'three shards, tenants as schemas, one veneer: the fleet at the root of this repository',
  project: '../..',
  migrations: BOOKSTORE_MIGRATIONS,
  async tell(shell, fleet) {
    await tellStory(shell, fleet.variables);
    const app = fleet.to('veneer', { user: 'veneer_app', password: 'VENEER_APP_PASSWORD' });
    await joins(shell, app);
    await timeout(shell, app);
    await dropByHand(shell, app, fleet.to('veneer'));
    await frontDoor(shell, app);
  },
};

const titlesOfBoth = (one: string, other: string): string =>
  `SELECT a.title FROM ${one}.books a JOIN ${other}.books b ON b.title = a.title WHERE a.publish_date < '1950-01-01'`;

async function joins(shell: DemoShell, app: Connection): Promise<void> {
  shell.say('Two tenants of one shard: their join runs there, too.');
  const together = await showScans(shell, app, titlesOfBoth('cyberdyne', 'dunder_mifflin'));
  expect(together.length === 1, 'one Foreign Scan');
  shell.say('Tenants of two shards: each shard sends its rows, and the veneer joins them.');
  const apart = await showScans(shell, app, titlesOfBoth('cyberdyne', 'initech'));
  expect(apart.length === 2, 'two Foreign Scans');
  await shell.query(app, titlesOfBoth('cyberdyne', 'initech'));
}

async function timeout(shell: DemoShell, app: Connection): Promise<void> {
  shell.say('A transaction over two shards that runs out of time is rolled back on both.');
  const sql = `BEGIN;
    UPDATE bluth_co.books SET publish_date = NULL;
    UPDATE initech.books SET publish_date = NULL;
    SET LOCAL statement_timeout = '100ms';
    SELECT pg_sleep(60)`;
  const message = await shell.refused(app, sql);
  expect(message.includes('statement timeout'), 'a statement timeout');
  const lost = `SELECT (SELECT count(*)::int FROM bluth_co.books WHERE publish_date IS NULL)
                + (SELECT count(*)::int FROM initech.books WHERE publish_date IS NULL) AS lost`;
  const [row] = await shell.query(app, lost);
  expect(row?.['lost'] === 0, 'nothing changed');
}

async function dropByHand(shell: DemoShell, app: Connection, admin: Connection): Promise<void> {
  shell.say('Somebody drops a column by hand on the veneer alone: status finds it, sync brings it back.');
  await shell.query(admin, 'ALTER FOREIGN TABLE initech.books DROP COLUMN publish_date');
  await shell.refused(app, 'SELECT publish_date FROM initech.books');
  await shell.migrate(['status'], 11);
  await shell.migrate(['sync'], 0);
  await shell.query(app, 'SELECT title, publish_date FROM initech.books ORDER BY title LIMIT 1');
}

async function frontDoor(shell: DemoShell, app: Connection): Promise<void> {
  shell.say(
    'The same by the front door: a migration changes shards and veneer in one step, and nothing drifts.',
  );
  await shell.writeFile(
    'migrations/20270101090000000_rename-title.sql',
    'ALTER TABLE books RENAME COLUMN title TO name;\n',
  );
  await shell.migrate(['up'], 0);
  await shell.query(app, 'SELECT name FROM dunder_mifflin.books ORDER BY name LIMIT 1');
  await shell.migrate(['status'], 0);
}
