import { ident, literal } from './identifiers.js';

/** Values of settings by name. */
export type Values = Readonly<Record<string, string>>;

/** How our catalog queries are planned. */
const PLANNING: Values = {
  // They are prepared once and asked in every step: planning them costs more than running them.
  plan_cache_mode: 'force_generic_plan',
  // Their costs, guessed without parameters, look like those of analytics: compiling them takes longer than running them.
  jit: 'off',
  // A migration that makes tables fills the catalogs before anybody counts them: planned as if they were nearly empty,
  // a query would read all of pg_type and pg_attrdef once for each table, and cost grow with the square of the tenants.
  enable_seqscan: 'off',
  random_page_cost: '1',
};

/**
 * Pinned on every connection, because definitions are deparsed under them: a date default printed under another
 * DateStyle changes its meaning when it is run elsewhere. search_path without any user schema makes format_type
 * and pg_get_expr qualify every name, as IMPORT FOREIGN SCHEMA does (postgres_fdw sets the same).
 */
const PINNED: Values = {
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  extra_float_digits: '3',
  search_path: 'pg_catalog',
  client_min_messages: 'warning',
  standard_conforming_strings: 'on',
  check_function_bodies: 'on',
  row_security: 'on',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  default_transaction_deferrable: 'off',
  lock_timeout: '0',
  statement_timeout: '0',
  // Since PostgreSQL 17 and 14. An anchor is idle for as long as others work; how long a transaction may last the runner's clock says.
  transaction_timeout: '0',
  idle_session_timeout: '0',
  ...PLANNING,
};

/** For statements that are the user's: plans in functions of theirs are as the server is configured. */
export const PLAN_AS_CONFIGURED: readonly string[] = Object.keys(PLANNING).map(
  (name) => `${name} TO DEFAULT`,
);

/** A host that vanished frees what it held soon after: the server asks after us, and gives up. */
const LIVENESS: Values = {
  tcp_keepalives_idle: '5',
  tcp_keepalives_interval: '2',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '15000',
  client_connection_check_interval: '2000',
};

/**
 * What a session has committed is on disk when it is told so: intents, evidence and ledgers are what a crash is settled by. For others
 * than `off`, which say what standbys have by then, there are reasons. PREPARE and COMMIT PREPARED are flushed whatever it says
 * (EndPrepare and RecordTransactionCommitPrepared in twophase.c).
 */
const FLUSHED = `'synchronous_commit', CASE WHEN pg_catalog.current_setting('synchronous_commit') = 'off'
  THEN pg_catalog.set_config('synchronous_commit', 'on', false) END`;

/**
 * An expression that sets settings for the session, as far as this server's version knows them, and answers these. Asked one by
 * one: pg_settings lists all of a server's, and a session is opened often enough for that to count.
 */
const setAll = (settings: Values): string => {
  const each = Object.entries(settings).map(([name, value]) => {
    const [setting, wanted] = [literal(name), literal(value)];
    const isKnown = `pg_catalog.current_setting(${setting}, true) IS NOT NULL`;
    return `${setting}, CASE WHEN ${isKnown} THEN pg_catalog.set_config(${setting}, ${wanted}, false) END`;
  });
  return `pg_catalog.json_strip_nulls(pg_catalog.json_build_object(${[...each, FLUSHED].join(', ')}))`;
};

/**
 * The expression that sets what every session of ours has from its first query on, and answers what of it this server knows.
 * `holdMs`: how long one of our transactions may last by its own budget. Idle in one for clearly longer, its runner is
 * paused or cut off, and its server ends it: neither a keepalive nor a timeout of a statement does, since the host of a
 * stopped process still answers. `settings`: what a session has otherwise than all of ours.
 */
export const pins = (holdMs: number | null, settings: Values): string =>
  setAll({
    ...PINNED,
    ...LIVENESS,
    ...settings,
    ...(holdMs === null ? {} : { idle_in_transaction_session_timeout: String(idleLimit(holdMs)) }),
  });

/** Above rollout.lock_hold, so that the runner's own clock, which says what took the time, comes first. */
const idleLimit = (holdMs: number): number => Math.round(holdMs * 1.2) + 1_000;

/**
 * The parts of DISCARD ALL, but for the locks, which the session keeps, and for what is prepared: to have our catalog
 * queries planned anew in every step would take longer than to run them.
 */
const RESETS: readonly string[] = ['RESET SESSION AUTHORIZATION', 'RESET ROLE', 'RESET ALL', 'DISCARD TEMP'];

/** What migrations have prepared, ours being prepared by the protocol. */
export const PREPARED_BY_SQL = 'SELECT name FROM pg_catalog.pg_prepared_statements WHERE from_sql';

/** SQL expressions of type text, by the name of the setting that they are for. */
type Expressions = Readonly<Record<string, string>>;

const setEach = (settings: Expressions, local: boolean): string[] =>
  Object.entries(settings).map(
    ([name, value]) => `pg_catalog.set_config(${literal(name)}, ${value}, ${String(local)})`,
  );

const quoted = (pinned: Values): Expressions =>
  Object.fromEntries(Object.entries(pinned).map(([name, value]) => [name, literal(value)]));

const butForPlanning = (pinned: Values): Values =>
  Object.fromEntries(Object.entries(pinned).filter(([name]) => !(name in PLANNING)));

/**
 * Statements that undo what an earlier migration may have set in the session: a SET outlives the transaction that it
 * was committed in. `pinned` is what {@link pins} answered.
 */
export const freshStatements = (pinned: Values): readonly string[] => [
  ...RESETS,
  `SELECT pg_catalog.concat(${setEach(quoted(pinned), false).join(', ')})`,
];

/**
 * The same for a migration's statements, in the open transaction: they are planned as the server is configured, and see
 * `locals` besides. `forget`: also what is prepared, ours included. Few statements, since they stand before those of every
 * tenant, and each is answered by a message of its own: a run of many tenants would do little else than read these.
 */
export const freshForMigration = (
  pinned: Values,
  locals: Expressions,
  { forget }: { readonly forget: boolean },
): readonly string[] => [
  ...RESETS,
  ...(forget ? ['DEALLOCATE ALL'] : []),
  settingForMigration(pinned, locals),
];

function settingForMigration(pinned: Values, locals: Expressions): string {
  const set = [...setEach(quoted(butForPlanning(pinned)), false), ...setEach(locals, true)];
  return `SELECT pg_catalog.concat(${set.join(', ')})`;
}

/** Told by PostgreSQL where a migration had the session forget it. */
export const PREPARED_NAME = 'pgveneer_fresh';

/** {@link freshForMigration} for a text of many tenants, of a migration that prepares and forgets nothing. */
export interface FreshForEach {
  readonly begin: readonly string[];
  /** Before each tenant's statements; with the values of the parameters. */
  readonly each: (searchPath: string, values: readonly string[]) => readonly string[];
  readonly end: readonly string[];
}

/**
 * What is set is parsed and planned once a text, which for each tenant would cost as much as a small statement of a migration.
 * `locals` hold parameters, $1 and so on, of type text. Where the text fails it stays prepared until the session is freshened.
 *
 * The search_path is set by itself: PostgreSQL analyses and plans a prepared statement anew that sets it (plancache.c,
 * RevalidateCachedQuery), for every tenant, and that took longer than all there is to set. For the session it is put back at the end, when
 * nobody's statements are run any more.
 */
export const freshForEach = (pinned: Values, locals: Expressions): FreshForEach => {
  const { search_path: searchPathOfSession = '', ...others } = pinned;
  return {
    begin: [`PREPARE ${PREPARED_NAME} AS ${settingForMigration(others, locals)}`],
    each: (searchPath, values) => [
      ...RESETS,
      `EXECUTE ${PREPARED_NAME}(${values.map(literal).join(', ')})`,
      `SET LOCAL search_path TO ${ident(searchPath)}`,
    ],
    end: [`DEALLOCATE ${PREPARED_NAME}`, `SET ${assignment('search_path', searchPathOfSession)}`],
  };
};

const assignment = (name: string, value: string): string =>
  `${name} = ${name === 'search_path' ? value : literal(value)}`;

/** The pins that matter for deparsing, for inside a transaction where a migration changed them. */
const PINNED_LOCALLY: Values = Object.fromEntries(
  Object.entries(PINNED).filter(
    ([name]) => !name.startsWith('default_transaction') && !name.endsWith('_timeout'),
  ),
);

/** A statement that sets them as SET LOCAL does. */
export const PIN_LOCALLY = `SELECT pg_catalog.concat(${setEach(quoted(PINNED_LOCALLY), true).join(', ')})`;

/**
 * The same behind a migration's statements; how our queries are planned, for the session: see {@link freshForMigration}. One statement,
 * since it stands at the end of every step.
 */
export const PIN_AGAIN = `SELECT pg_catalog.concat(${[
  ...setEach(quoted(butForPlanning(PINNED_LOCALLY)), true),
  ...setEach(quoted(PLANNING), false),
].join(', ')})`;
