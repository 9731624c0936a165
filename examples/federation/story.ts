import { urlWith } from '../../src/sandbox/databases.js';
import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';

type To = (member: string) => Connection;

export const story: Story = {
  about: 'a database per customer, listed tables of all of them in one database, read-only, for dashboards',
  async tell(shell, { to }) {
    const admin = to('monitoring');
    const grafana = to('monitoring', { user: 'grafana', password: 'GRAFANA_PASSWORD' });
    await begin(shell, admin, to);
    await read(shell, grafana);
    await signUp(shell, admin, grafana);
  },
};

async function begin(shell: DemoShell, admin: Connection, to: To): Promise<void> {
  shell.say('Which customers there are stands in a table of the monitoring database: tenants.query asks it.');
  await shell.query(admin, 'SELECT * FROM public.customers ORDER BY name');
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up'], 0);
  shell.say('Customers write to their own databases.');
  for (const customer of ['acme', 'globex'])
    await shell.query(
      databaseOf(to('rds'), customer),
      `INSERT INTO entities (id, name, state) VALUES (1, 'pump of ${customer}', 'live') RETURNING name`,
    );
}

async function read(shell: DemoShell, grafana: Connection): Promise<void> {
  shell.say("Dashboards read all of it in one schema, by customer; a type has its customer's name, too.");
  const rows = await shell.query(
    grafana,
    "SELECT name, state, pg_typeof(state) AS type FROM public.acme_entities WHERE state = 'live'",
  );
  expect(rows.length === 1, 'the entity of acme');
  shell.say('One view shows them all; its first column says whose a row is.');
  const all = await shell.query(
    grafana,
    'SELECT tenant, name, state FROM public.all_entities ORDER BY tenant',
  );
  expect(all.length === 2, 'an entity of each customer');
  shell.say('A variable of a dashboard asks which customers there are.');
  await shell.query(grafana, 'SELECT tenant FROM pgveneer.tenants ORDER BY tenant');
  shell.say('They read, and nothing else; and see what is listed, and nothing else.');
  await shell.refused(grafana, "UPDATE public.acme_entities SET name = 'x'");
  await shell.refused(grafana, 'SELECT * FROM public.acme_invoices');
}

async function signUp(shell: DemoShell, admin: Connection, grafana: Connection): Promise<void> {
  shell.say('A customer comes back: shards.yaml stays as it is.');
  await shell.query(admin, "UPDATE public.customers SET active = true WHERE name = 'initech' RETURNING name");
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up'], 0);
  const rows = await shell.query(grafana, 'SELECT tenant FROM pgveneer.tenants ORDER BY tenant');
  expect(rows.length === 3, 'three customers');
  await shell.migrate(['status'], 0);
}

const databaseOf = ({ prompt, url }: Connection, database: string): Connection => ({
  prompt: `${database} as ${prompt.split(' as ')[1]}`,
  url: urlWith(url, { database }),
});
