import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';

export const story: Story = {
  about: 'a database per customer, all of them in one monitoring database, read-only, for dashboards',
  async tell(shell, { to }) {
    const admin = to('monitoring');
    const grafana = to('monitoring', { user: 'grafana', password: 'GRAFANA_PASSWORD' });
    await begin(shell, admin);
    await read(shell, grafana, to);
    await signUp(shell, admin, grafana);
  },
};

async function begin(shell: DemoShell, admin: Connection): Promise<void> {
  shell.say('Which customers there are stands in a table of the monitoring database: tenants.query asks it.');
  await shell.query(admin, 'SELECT * FROM public.customers ORDER BY name');
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up'], 0);
}

async function read(
  shell: DemoShell,
  grafana: Connection,
  to: (member: string) => Connection,
): Promise<void> {
  shell.say(
    'Each customer has a database; its entities are shown in one schema, under the name of the customer.',
  );
  for (const customer of ['acme', 'globex']) {
    const { prompt, url } = to('rds');
    const own = { prompt: prompt.replace('rds', `rds/${customer}`), url: databaseOf(url, customer) };
    await shell.query(
      own,
      `INSERT INTO entities (id, name, state) VALUES (1, 'pump of ${customer}', 'live')`,
    );
  }
  await shell.query(grafana, "SELECT * FROM public.acme_entities WHERE state = 'live'");
  shell.say('A view over all customers, kept by the fleet; a dashboard chooses from pgveneer.tenants.');
  const all = await shell.query(grafana, 'SELECT * FROM public.all_entities ORDER BY tenant');
  expect(all.length === 2, 'the entities of both customers');
  await shell.query(grafana, 'SELECT tenant FROM pgveneer.tenants ORDER BY tenant');
  shell.say('Dashboards read, and nothing else; and see what is listed, and nothing else.');
  await shell.refused(grafana, "UPDATE public.acme_entities SET name = 'x'");
  await shell.refused(grafana, 'SELECT * FROM public.acme_invoices');
}

async function signUp(shell: DemoShell, admin: Connection, grafana: Connection): Promise<void> {
  shell.say('A customer signs up (again): no deploy of shards.yaml.');
  await shell.query(admin, "UPDATE public.customers SET active = true WHERE name = 'initech'");
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up'], 0);
  const rows = await shell.query(grafana, 'SELECT tenant FROM pgveneer.tenants ORDER BY tenant');
  expect(rows.length === 3, 'three customers');
  await shell.migrate(['status'], 0);
}

function databaseOf(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.href;
}
