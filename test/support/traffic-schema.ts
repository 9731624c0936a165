/** The tenants of a bookstore fleet, and the shard that each lives on. */
export const TENANTS = [
  { name: 'bluth_co', shard: 'shard1' },
  { name: 'cyberdyne', shard: 'shard2' },
  { name: 'dunder_mifflin', shard: 'shard2' },
  { name: 'initech', shard: 'shard3' },
] as const;

export type TrafficTenant = (typeof TENANTS)[number];

/** Rows that nobody writes, so that every reader knows what it must see. */
export const ACCOUNTS = 40;
export const SETTINGS = 5;
export const FIXED_ENTRIES = 10;
export const PARCELS = 3;

/** Of `accounts`: id × 10 each. */
export const TOTAL_BALANCE = (ACCOUNTS * (ACCOUNTS + 1) * 10) / 2;

/**
 * What traffic reads and writes. `accounts` changes in every way while its rows stay; `entries` has fixed rows
 * (worker 0) and those of the writers; `settings` never changes, and opens remote snapshots.
 */
export const BASE_SQL = `
CREATE TABLE settings (id integer PRIMARY KEY, value text NOT NULL);
INSERT INTO settings SELECT i, 'setting ' || i FROM generate_series(1, ${SETTINGS}) AS i;
CREATE TABLE accounts (
  id integer PRIMARY KEY, owner text NOT NULL, balance integer NOT NULL, memo varchar(40) NOT NULL, note text);
INSERT INTO accounts
  SELECT i, current_schema() || ' ' || i, i * 10, 'memo of ' || i, CASE WHEN i > 1 THEN 'note of ' || i END
    FROM generate_series(1, ${ACCOUNTS}) AS i;
CREATE TABLE entries (
  id integer PRIMARY KEY, worker integer NOT NULL, amount integer NOT NULL, label text NOT NULL);
INSERT INTO entries SELECT i, 0, i, 'fixed ' || i FROM generate_series(1, ${FIXED_ENTRIES}) AS i;
`;

/**
 * A change and the one that takes it back: after all of them the tables are as before. Columns that traffic names
 * stay under their names; `memo` or `remark` is found by SELECT *.
 */
const CHANGES: readonly (readonly [name: string, sql: string])[] = [
  [
    'add_columns',
    `ALTER TABLE accounts ADD COLUMN flag text DEFAULT 'new'; ALTER TABLE entries ADD COLUMN flag text;`,
  ],
  ['drop_columns', 'ALTER TABLE accounts DROP COLUMN flag; ALTER TABLE entries DROP COLUMN flag;'],
  ['rename_column', 'ALTER TABLE accounts RENAME COLUMN memo TO remark;'],
  ['rename_column_back', 'ALTER TABLE accounts RENAME COLUMN remark TO memo;'],
  [
    'widen_numbers',
    'ALTER TABLE entries ALTER COLUMN amount TYPE bigint; ALTER TABLE accounts ALTER COLUMN balance TYPE bigint;',
  ],
  [
    'narrow_numbers',
    'ALTER TABLE accounts ALTER COLUMN balance TYPE integer; ALTER TABLE entries ALTER COLUMN amount TYPE integer;',
  ],
  ['widen_text', 'ALTER TABLE accounts ALTER COLUMN memo TYPE text;'],
  ['narrow_text', 'ALTER TABLE accounts ALTER COLUMN memo TYPE varchar(40);'],
  [
    'set_not_null',
    `UPDATE accounts SET note = 'note of 1' WHERE id = 1; ALTER TABLE accounts ALTER COLUMN note SET NOT NULL;`,
  ],
  [
    'drop_not_null',
    'ALTER TABLE accounts ALTER COLUMN note DROP NOT NULL; UPDATE accounts SET note = NULL WHERE id = 1;',
  ],
  [
    'create_table',
    `CREATE TABLE parcels (id integer PRIMARY KEY, content text);
     INSERT INTO parcels SELECT i, 'parcel ' || i FROM generate_series(1, ${PARCELS}) AS i;`,
  ],
  ['drop_table', 'DROP TABLE parcels;'],
];

/** The first migration's file and text, and those of one round of changes: there and back, twelve in all. */
export const BASE_FILE = '000_base.sql';

export interface MigrationFile {
  readonly file: string;
  readonly sql: string;
}

/** `round` from 1 on. */
export function changesOfRound(round: number): MigrationFile[] {
  return CHANGES.map(([name, sql], index) => ({
    file: `${round}${String(index + 1).padStart(2, '0')}_${name}.sql`,
    sql,
  }));
}
