import { mkdir } from 'node:fs/promises';
import { expect } from '@jest/globals';
import { commandsOn, type Commands } from './commands.js';
import { freshFleet } from './fresh-fleet.js';
import { meshFleet, REGION_RULES, REGIONS, regionNames } from './mesh-fleet.js';
import { committed } from './outcomes.js';
import { yearsYaml } from './years-yaml.js';

/** A fleet in which tables of shards are partitions of one parent, on one veneer or in every region. */
export interface PartitionedFleet {
  readonly dir: string;
  readonly run: Commands;
  /** Its databases: those that may hold traces of a step. */
  readonly members: readonly string[];
  /** Those that have the parent. */
  readonly veneers: readonly string[];
  readonly parent: string;
  /** Names of migrations so far, and on which members each has a row in the ledger when it was applied. */
  readonly migrations: readonly string[];
  readonly ledgers: readonly string[];
  /** Writes ALTER TABLE actions, for the whole partitioned table, as the next migration. */
  write: (actions: readonly string[]) => Promise<void>;
  query: (member: string, sql: string) => Promise<Record<string, unknown>[]>;
  /** An INSERT into the parent that leaves all but its key to defaults, one for each of its partitions. */
  inserts: (id: number) => readonly string[];
  /** What a partition stores where it is at home, all of them together. */
  stored: () => Promise<readonly string[]>;
  close: () => Promise<void>;
}

const jsonRows = (table: string): string => `SELECT to_jsonb(t)::text AS row FROM ${table} AS t`;

const texts = (rows: readonly Record<string, unknown>[]): string[] =>
  rows.map(({ row }) => String(row)).toSorted();

/** The rows that a veneer shows through the parent. */
export const shownBy = async (fleet: PartitionedFleet, veneer: string): Promise<readonly string[]> =>
  texts(await fleet.query(veneer, jsonRows(fleet.parent)));

/** By relation, the parent first: the columns of the parent and its partitions on a veneer, which have to be the same. */
export async function columnsOn(fleet: PartitionedFleet, veneer: string): Promise<readonly unknown[]> {
  const sql = `SELECT json_agg(concat_ws(' ', a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull)
                      ORDER BY a.attname) AS columns
                 FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
                WHERE (c.oid = '${fleet.parent}'::regclass
                   OR c.oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '${fleet.parent}'::regclass))
                  AND a.attnum > 0 AND NOT a.attisdropped
                GROUP BY c.oid, c.relkind ORDER BY c.relkind = 'p' DESC`;
  return (await fleet.query(veneer, sql)).map(({ columns }) => columns);
}

/** Three regions that are shard and veneer for each other. */
export async function regionsFleet(): Promise<PartitionedFleet> {
  const fleet = await meshFleet(REGION_RULES);
  const migrations: string[] = [];
  const write = async (folder: string, sql: string): Promise<void> => {
    const name = `${String(migrations.length + 1).padStart(4, '0')}_change`;
    await fleet.writeMigration(`${folder}${name}.sql`, sql);
    migrations.push(name);
  };
  await fleet.run.setup();
  await write(
    'veneer/',
    'CREATE TABLE shared.identity_details (id int NOT NULL, region text NOT NULL) PARTITION BY LIST (region)',
  );
  await fleet.writeMigration(
    'R__home.sql',
    `CREATE TABLE IF NOT EXISTS identity_details PARTITION OF shared.identity_details FOR VALUES IN (current_setting('pgveneer.tenant'))`,
  );
  expect(await fleet.run.up()).toMatchObject(committed);
  const query: PartitionedFleet['query'] = (member, sql) => fleet.query(REGIONS[member as 'usa'], sql);
  const parent = 'shared.identity_details';
  return {
    dir: fleet.dir,
    run: fleet.run,
    members: regionNames,
    veneers: regionNames,
    parent,
    migrations,
    ledgers: regionNames,
    write: (actions) =>
      write('veneer/', actions.map((action) => `ALTER TABLE ${parent} ${action};`).join('\n')),
    query,
    inserts: (id) =>
      regionNames.map((name) => `INSERT INTO ${parent} (id, region) VALUES (${id}, '${name}')`),
    async stored() {
      const homes = regionNames.map((name) => query(name, jsonRows(`${name}.identity_details`)));
      return texts((await Promise.all(homes)).flat());
    },
    close: fleet.close,
  };
}

const SERVERS: Readonly<Record<string, string>> = { box1: 'veneer', box2: 'shard1' };
const YEARS = [2023, 2024];

/** A parent with a DEFAULT partition on the veneer, and two years on a shard. */
export async function yearsFleet(): Promise<PartitionedFleet> {
  const fleet = await freshFleet({
    config: (name) => yearsYaml(name, { table: 'years.t', parent: 'years.t' }),
  });
  const run = commandsOn(fleet);
  const migrations: string[] = [];
  const write = async (sql: string): Promise<void> => {
    const name = `${String(migrations.length + 1).padStart(4, '0')}_change`;
    await fleet.writeMigration(`shard/${name}.sql`, sql);
    migrations.push(name);
  };
  await mkdir(`${fleet.dir}/migrations/veneer`);
  await fleet.writeMigration(
    'veneer/0000_parent.sql',
    `CREATE TABLE years.t (id int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
     CREATE TABLE years.t_default PARTITION OF years.t DEFAULT`,
  );
  await run.setup();
  await write(
    YEARS.map((year) => `CREATE TABLE years.t_${year} (id int NOT NULL, day date NOT NULL);`).join('\n'),
  );
  expect(await run.up()).toMatchObject(committed);
  const query: PartitionedFleet['query'] = (member, sql) => fleet.query(SERVERS[member] ?? '', sql);
  const onAll = (action: string): string =>
    YEARS.map((year) => `ALTER TABLE years.t_${year} ${action};`).join('\n');
  return {
    dir: fleet.dir,
    run,
    members: ['box1', 'box2'],
    veneers: ['box1'],
    parent: 'years.t',
    migrations,
    ledgers: ['box2'],
    write: (actions) => write(actions.map(onAll).join('\n')),
    query,
    inserts: (id) =>
      [...YEARS, 1999].map((year) => `INSERT INTO years.t (id, day) VALUES (${id}, '${year}-05-01')`),
    async stored() {
      const years = YEARS.map((year) => query('box2', jsonRows(`years.t_${year}`)));
      return texts((await Promise.all([...years, query('box1', jsonRows('years.t_default'))])).flat());
    },
    close: fleet.close,
  };
}
