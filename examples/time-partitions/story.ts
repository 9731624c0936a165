import { expect, type Connection, type DemoShell } from '../../src/sandbox/demo-shell.js';
import type { Story } from '../frame/example.js';

const YEARS = '20240101093000000_years-2023-2024';
const STATION = '20240601090000000_station';

export const story: Story = {
  about: 'a table partitioned by date, its years as foreign tables on another server, attached and dropped',
  async tell(shell, { to }) {
    const [user1, user2] = [to('box1'), to('box2')];
    await begin(shell, user1, user2);
    await changeColumns(shell, user1);
    await newYear(shell, user1, user2);
    await oldYear(shell, user1);
  },
};

const PARTITIONS = `SELECT c.relname AS partition, c.relkind AS kind, pg_get_expr(c.relpartbound, c.oid) AS bounds
    FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
   WHERE i.inhparent = 'box1_schema.temperatures'::regclass ORDER BY 1`;

async function begin(shell: DemoShell, user1: Connection, user2: Connection): Promise<void> {
  shell.say(
    'box1 has the parent and its DEFAULT partition; box2 has the years, which become its partitions.',
  );
  await shell.migrate(['setup'], 0);
  await shell.migrate(['up', '--to', YEARS], 0);
  expect((await shell.query(user1, PARTITIONS)).length === 3, 'three partitions');
  shell.say('An INSERT on box1 lands in its year on box2; a row of no year stays in DEFAULT.');
  await shell.query(
    user1,
    `INSERT INTO box1_schema.temperatures VALUES
    ('2023-07-01', 'Oslo', 21.5), ('2024-07-01', 'Oslo', 23.0), ('1999-07-01', 'Oslo', 19.0)`,
  );
  const rows = await shell.query(user2, 'SELECT * FROM box2_schema.temperatures_2024');
  expect(rows.length === 1, 'the row of 2024 on box2');
}

async function changeColumns(shell: DemoShell, user1: Connection): Promise<void> {
  shell.say('A column for all years in one migration: the parent on box1 moves with them.');
  await shell.migrate(['up', '--to', STATION], 0);
  const rows = await shell.query(user1, 'SELECT * FROM box1_schema.temperatures ORDER BY day');
  expect(rows.length === 3 && rows.every((row) => 'station' in row), 'the new column');
}

async function newYear(shell: DemoShell, user1: Connection, user2: Connection): Promise<void> {
  shell.say(
    'Rows of 2025 came too early, into DEFAULT: so the year cannot be attached, and nothing happens.',
  );
  await shell.query(
    user1,
    `INSERT INTO box1_schema.temperatures VALUES
    ('2025-01-01', 'Oslo', -4.0, 'harbour'), ('2025-01-02', 'Oslo', -6.5, 'harbour')`,
  );
  await shell.migrate(['up', '1'], 20);
  shell.say('The way out: put the rows aside, attach the year, and insert them again.');
  await shell.query(
    user1,
    `CREATE TABLE box1_schema.aside AS SELECT * FROM box1_schema.temperatures_default WHERE day >= '2025-01-01';
    DELETE FROM box1_schema.temperatures_default WHERE day >= '2025-01-01'`,
  );
  await shell.migrate(['up', '1'], 0);
  await shell.query(
    user1,
    `INSERT INTO box1_schema.temperatures SELECT * FROM box1_schema.aside;
    DROP TABLE box1_schema.aside`,
  );
  const rows = await shell.query(user2, 'SELECT * FROM box2_schema.temperatures_2025');
  expect(rows.length === 2, 'the rows of 2025 on box2');
}

async function oldYear(shell: DemoShell, user1: Connection): Promise<void> {
  shell.say('An old year is dropped on box2: in the same step it is detached and dropped on box1.');
  await shell.migrate(['up'], 0);
  const partitions = await shell.query(user1, PARTITIONS);
  expect(!partitions.some((row) => row['partition'] === 'temperatures_2023'), 'no partition of 2023');
  await shell.migrate(['status'], 0);
}
