import type { TestFleet } from './test-fleet.js';

/** Catalogs that hold what DDL makes, with what VACUUM and ANALYZE write by themselves. */
const CATALOGS: Readonly<Record<string, readonly string[]>> = {
  pg_class: [
    'relpages',
    'reltuples',
    'relallvisible',
    'relallfrozen',
    'relfrozenxid',
    'relminmxid',
    'relhasindex',
  ],
  pg_attribute: [],
  pg_attrdef: [],
  pg_constraint: [],
  pg_index: [],
  pg_type: [],
  pg_enum: [],
  pg_range: [],
  pg_proc: [],
  pg_namespace: [],
  pg_depend: [],
  pg_trigger: [],
  pg_rewrite: [],
  pg_policy: [],
  pg_inherits: [],
  pg_partitioned_table: [],
  pg_sequence: [],
  pg_extension: [],
  pg_description: [],
  pg_default_acl: [],
  pg_foreign_table: [],
  pg_foreign_server: [],
};

/** A row `name, digest` over rows of text. */
const digestOf = (name: string, rows: string): string =>
  `SELECT '${name.replaceAll("'", "''")}' AS name, md5(coalesce(string_agg(r, E'\\n' ORDER BY r COLLATE "C"), '')) AS digest FROM (${rows}) AS x(r)`;

const withoutKeys = (keys: readonly string[]): string =>
  `(to_jsonb(t) - ARRAY[${keys.map((key) => `'${key}'`).join(', ')}]::text[])::text`;

const DATABASE = '(SELECT oid FROM pg_database WHERE datname = current_database())';

/**
 * What a database is: all of its catalogs, the rows of all tables (those of schema pgveneer among them), what is
 * prepared, and the advisory locks in it. By what it is of, so that a comparison says what differs.
 */
async function fingerprintOf(fleet: TestFleet, member: string): Promise<Record<string, unknown>> {
  const tables = await fleet.query(
    member,
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind = 'r' AND n.nspname !~ '^(pg_|information_schema)' ORDER BY 1`,
    'superuser',
  );
  const digests = [
    ...Object.entries(CATALOGS).map(([name, keys]) =>
      digestOf(name, `SELECT ${withoutKeys(keys)} FROM ${name} t`),
    ),
    ...tables.map(({ name }) => digestOf(`rows of ${String(name)}`, `SELECT t::text FROM ${String(name)} t`)),
    // Shared by all databases of the server, others of which other tests are at work in.
    digestOf('settings', `SELECT t::text FROM pg_db_role_setting t WHERE setdatabase = ${DATABASE}`),
    digestOf('prepared', 'SELECT gid FROM pg_prepared_xacts WHERE database = current_database()'),
    digestOf(
      'locks',
      `SELECT classid::text || objid FROM pg_locks WHERE locktype = 'advisory' AND database = ${DATABASE}`,
    ),
  ];
  const rows = await fleet.query(member, digests.join(' UNION ALL '), 'superuser');
  return Object.fromEntries(rows.map(({ name, digest }) => [`${member} ${String(name)}`, digest]));
}

/** All of a fleet, to be compared with what it was before. Sequences are asked for where a test says so. */
export async function fingerprint(
  fleet: TestFleet,
  members: readonly string[] = ['veneer', 'shard1', 'shard2', 'shard3'],
): Promise<Record<string, unknown>> {
  const all = await Promise.all(members.map((member) => fingerprintOf(fleet, member)));
  return Object.assign({}, ...all) as Record<string, unknown>;
}
