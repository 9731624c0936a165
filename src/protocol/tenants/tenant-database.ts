import type { ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { addressOf, memberNamed } from '../../fleet/member.js';
import { ident } from '../../postgres/identifiers.js';
import { openSession, withSession, type Row, type Session } from '../../postgres/session.js';
import { markOf, markStatement, type Mark } from './database-mark.js';
import { anchorOf, type Run } from '../run/run.js';
import { journalMember } from '../run/journal-member.js';

/** Where a tenant that is a database lives, and whose the database is: its role's, or the runner's own. */
export interface Home {
  readonly shard: ShardConfig;
  readonly database: string;
  readonly owner: string;
}

/** A database as its server has it. */
export interface FoundDatabase {
  readonly owner: string;
  readonly mark: Mark | null;
}

/**
 * Borrows a connection to the server of a shard, in the database of its url: databases are made and dropped from outside. It
 * has no lock of its own; {@link proveRun} says that the run still has the fleet.
 */
export function withServer<T>(
  { config, applicationName }: Pick<Run, 'config' | 'applicationName'>,
  key: string,
  work: (server: Session) => Promise<T>,
): Promise<T> {
  const url = config.servers.get(key);
  if (url === undefined) throw new Error(`${key} is no shard`);
  return withSession({ member: key, url, applicationName }, work);
}

/** The home of a member that is a tenant's database; without a role of its own it belongs to whoever connects. */
export const homeOf = (shard: ShardConfig, { server: { user } }: Session): Home => ({
  shard,
  database: shard.database ?? '',
  owner: shard.setRole ?? user,
});

/** The database of this name; null where there is none. */
export async function findDatabase(server: Session, { database }: Home): Promise<FoundDatabase | null> {
  const [found] = await server.query<{ owner: string; comment: string | null }>(
    `SELECT pg_get_userbyid(datdba)::text AS owner, shobj_description(oid, 'pg_database') AS comment
       FROM pg_database WHERE datname = $1`,
    [database],
  );
  return found === undefined ? null : { owner: found.owner, mark: markOf(found.comment) };
}

/**
 * Makes the database and marks it as this run's. CREATE DATABASE runs in no transaction, so that a crash between the two
 * leaves a database without a mark. It is empty, and so the next `tenant add` takes it, as it takes one that somebody made for
 * it; it is never dropped by us, since nothing says that we made it.
 */
export async function makeDatabase(run: Run, server: Session, home: Home): Promise<void> {
  const { database, owner, shard } = home;
  await proveRun(run);
  await server.run(`CREATE DATABASE ${ident(database)} OWNER ${ident(owner)}`);
  await run.at(`after create database:${shard.name}`);
  await markMade(run, server, home);
  await run.at(`after mark:${shard.name}`);
}

/** Also where an earlier run made it, and ended before anything was committed: it is this run's to finish, or to take back. */
export async function markMade(run: Run, server: Session, home: Home): Promise<void> {
  await proveRun(run);
  const mark: Mark = { kind: 'made', run: run.id, fleet: run.config.fleet };
  await asOwner(server, home, markStatement(home, mark));
}

/**
 * Drops a database that this run made, once its step was rolled back. Only where it still bears this run's mark, which goes
 * with the commit of the step, and holds nothing: all that was made in it, our own tables too, was part of the step, so that
 * after its rollback nothing may be left, and whatever is there is somebody's. Looked at from inside first; who came in
 * between and is still connected makes PostgreSQL refuse. Answers why it stays, or null.
 *
 * Nor while the journal still has the step: whoever settles it would miss a member that is no more.
 */
export async function takeBack(run: Run, server: Session, home: Home): Promise<string | null> {
  const { shard, database } = home;
  const found = await findDatabase(server, home);
  if (found === null) return null;
  const stays = (why: string): string =>
    `database ${database} stays on ${shard.key}, since ${why}: the same command takes it where it is empty`;
  if (found.mark?.kind !== 'made' || found.mark.run !== run.id) return stays('it bears no mark of this run');
  if (run.unsettled.size > 0) return stays('the journal still has the step');
  await run.dismiss(shard.name);
  if (!(await isUntouched(run, shard))) return stays('it holds something');
  await proveRun(run);
  await asOwner(server, home, `DROP DATABASE ${ident(database)}`);
  return null;
}

async function isUntouched(run: Run, { name }: ShardConfig): Promise<boolean> {
  const address = addressOf(memberNamed(run.config, name));
  const session = await openSession({ ...address, applicationName: run.applicationName });
  try {
    const [state] = await session.query(`SELECT WHERE to_regnamespace('pgveneer') IS NOT NULL`);
    return state === undefined && (await countHeld(session)) === 0;
  } finally {
    await session.close();
  }
}

/**
 * How many things a tenant's database holds, our own state left out. What an extension brought is no content: it may come
 * with the server's template, or be put there for the tenant. Nor is a schema that is empty.
 */
export async function countHeld(session: Session): Promise<number> {
  const [row] = await session.query<{ held: number }>(
    `SELECT (SELECT count(*) FROM (
               SELECT DISTINCT d.classid, d.objid FROM pg_depend d JOIN pg_namespace n ON n.oid = d.refobjid
                WHERE d.refclassid = 'pg_namespace'::regclass AND d.deptype = 'n'
                  AND d.classid <> 'pg_extension'::regclass
                  AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'pgveneer')
                  AND NOT EXISTS (SELECT FROM pg_depend e
                                   WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e')) AS held)::int
            + (SELECT count(*) FROM pg_largeobject_metadata)::int AS held`,
  );
  return row?.held ?? 0;
}

/** A session of others in a database. */
export interface Connected extends Row {
  readonly pid: number;
  readonly user: string | null;
  readonly name: string;
}

/** Who is connected to it. */
export const readConnected = (server: Session, { database }: Home): Promise<Connected[]> =>
  server.query<Connected>(
    `SELECT pid, usename::text AS "user", coalesce(application_name, '') AS name
       FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid() ORDER BY pid`,
    [database],
  );

/** Drops a tenant's database. Never WITH (FORCE): whoever is connected refuses it, and so does what is not settled. */
export async function dropDatabase(run: Run, server: Session, home: Home): Promise<void> {
  if (run.unsettled.size > 0) throw unsettled(home);
  await run.dismiss(home.shard.name);
  await proveRun(run);
  await run.at(`before drop database:${home.shard.name}`);
  await asOwner(server, home, `DROP DATABASE ${ident(home.database)}`);
  await run.at(`after drop database:${home.shard.name}`);
}

const unsettled = ({ shard }: Home): VeneerError =>
  new VeneerError('the journal still has the step before it, which names the database', {
    exitCode: EXIT.inDoubt,
    where: { member: shard.name },
    hint: 'migrate recover',
  });

/** Apart, one statement each: CREATE and DROP DATABASE run in no transaction, not even in that of one message. */
async function asOwner(server: Session, { owner }: Home, sql: string): Promise<void> {
  await server.run(`SET ROLE ${ident(owner)}`);
  try {
    await server.run(sql);
  } finally {
    await server.run('RESET ROLE').catch(() => undefined);
  }
}

/**
 * Throws (exit 23) where this run may have lost the fleet: a newer one may be at work on this very database. What follows is
 * one statement, of which the worst is to drop an empty database that bears our mark and in which nobody is connected.
 */
async function proveRun(run: Run): Promise<void> {
  if (run.isShutOut()) throw lostFleet();
  await anchorOf(run, journalMember(run.config)).query('SELECT');
}

const lostFleet = (): VeneerError =>
  new VeneerError('another run may have the fleet by now: no database is made or dropped any more', {
    exitCode: EXIT.unreachable,
    hint: 'migrate status shows where the fleet stands',
  });
