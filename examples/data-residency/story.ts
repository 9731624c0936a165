import { expect, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';
import type { RunningExample } from '../frame/start-example.js';

const REGIONS = ['usa', 'gbr', 'aus'] as const;
const ADA = '00000000-0000-4000-8000-000000000001';

export const story: Story = {
  about: 'regions that are shard and veneer for each other; what is known of a person stays in their region',
  async tell(shell, fleet) {
    await begin(shell, fleet);
    await homes(shell, fleet);
    await changes(shell, fleet);
  },
};

const app = ({ to }: RunningExample, region: (typeof REGIONS)[number]) =>
  to(region, { user: 'app', password: `APP_PASSWORD_${region.toUpperCase()}` });

async function begin(shell: DemoShell, fleet: RunningExample): Promise<void> {
  shell.say('Three databases; each owns the tables of its region, and shows those of the others.');
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up'], 0);
  shell.say('In every region: its own partition is a table, the others are foreign tables.');
  for (const region of REGIONS) {
    const rows = await shell.query(
      fleet.to(region),
      `SELECT c.relnamespace::regnamespace::text AS region, c.relkind AS kind FROM pg_inherits i
         JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'shared.identity_details'::regclass ORDER BY 1`,
    );
    expect(rows.length === 3, 'three partitions');
  }
}

async function homes(shell: DemoShell, fleet: RunningExample): Promise<void> {
  const [usa, gbr, aus] = [app(fleet, 'usa'), app(fleet, 'gbr'), app(fleet, 'aus')];
  shell.say('Ada signs up in the United Kingdom: her identity is mirrored to all regions.');
  await shell.query(gbr, `INSERT INTO shared.identity VALUES ('${ADA}', 'gbr')`);
  await shell.query(aus, 'SELECT * FROM shared.identity');
  shell.say('Her details are written in the United States, and land at home.');
  const insert = `INSERT INTO shared.identity_details (id, region, email) VALUES ('${ADA}', 'gbr', 'ada@example.org')`;
  await shell.query(usa, insert);
  await shell.query(usa, `${insert} ON CONFLICT DO NOTHING`);
  const home = await shell.query(fleet.to('gbr'), 'SELECT * FROM ONLY gbr.identity_details');
  expect(home.length === 1, 'one row at home');
  shell.say('PostgreSQL has no ON CONFLICT DO UPDATE here: a function updates, or inserts.');
  await shell.query(aus, `SELECT shared.save_details('${ADA}', 'gbr', 'ada@example.com')`);
  shell.say('Nobody moves her by UPDATE: PostgreSQL moves no row out of a foreign partition.');
  await shell.refused(usa, `UPDATE shared.identity_details SET region = 'usa' WHERE id = '${ADA}'`);
}

async function changes(shell: DemoShell, fleet: RunningExample): Promise<void> {
  shell.say('A column of the parents is added, then renamed: each in all regions in one step.');
  await change(shell, '20260401090000000_phone', "ADD COLUMN phone text NOT NULL DEFAULT 'none'");
  await change(shell, '20260402090000000_mobile', 'RENAME COLUMN phone TO mobile');
  const rows = await shell.query(app(fleet, 'aus'), 'SELECT * FROM shared.identity_details');
  expect(rows[0] !== undefined && 'mobile' in rows[0], 'the renamed column');
  shell.say('A rewrite would show a reader of another region no rows for a moment: it needs an empty house.');
  await change(shell, '20260501090000000_longer', 'ALTER COLUMN email TYPE varchar(320)', 20);
  await shell.migrate(['up', '--offline'], 0);
  await shell.migrate(['status'], 0);
}

/** Writes a change of the parent as a migration of the veneers, and applies it. */
async function change(shell: DemoShell, name: string, action: string, exitCode = 0): Promise<void> {
  await shell.writeFile(`migrations/veneer/${name}.sql`, `ALTER TABLE shared.identity_details ${action};\n`);
  await shell.migrate(['up'], exitCode);
}
