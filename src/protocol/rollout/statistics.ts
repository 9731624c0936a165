import { lookUp, relationNamed } from '../../catalog/sql/names-sql.js';
import { groupBy } from '../../group-by.js';
import { textOf } from '../../errors.js';
import { addressOf, findMember, type Member } from '../../fleet/member.js';
import { inParallel } from '../../parallel.js';
import { display, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import { openSession, type Row, type Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { Run } from '../run/run.js';
import type { ShownTable } from '../run/shown-table.js';
import { askBounded, LOOK_LIMITS, withPages } from './pages.js';

/** Milliseconds for one table and for a lock that somebody else holds, and for all of a run. */
const LIMITS = { ...LOOK_LIMITS, run: 60_000 };

/**
 * ANALYZEs the foreign tables that the steps of a run made or changed (rollout.analyze), once all its transactions are
 * settled: autovacuum never does (https://www.postgresql.org/docs/current/sql-analyze.html). Postgres_fdw reads the
 * shard for it, before PostgreSQL 16 the whole table; so it is bounded in time, one table per shard at a time. Never
 * throws: answers notices about what was left.
 *
 * An empty table is left without statistics. Postgres_fdw guesses then, and a remembered zero, which nothing would
 * ever correct, makes plans far worse than that guess.
 */
export async function analyzeShown(run: Run): Promise<string[]> {
  const { analyze, concurrency } = run.config.rollout;
  const due = run.shown.filter(({ kind }) => analyze === 'changed' || kind === analyze);
  const deadline = performance.now() + LIMITS.run;
  const left: string[] = [];
  for (const [veneer, shown] of groupBy(due, (table) => table.veneer)) {
    const some: Some = {
      veneer,
      shards: [...groupBy(shown, ({ shard }) => shard)],
      deadline,
      left,
      lost: null,
    };
    const sessions = Array.from({ length: Math.min(concurrency, some.shards.length) }, () => some);
    await inParallel(sessions, concurrency, (one) => analyzeSome(run, one));
    // No session has come to these.
    for (const [shard] of some.shards) left.push(noticeOf(veneer, shard, [textOf(some.lost)]));
  }
  return left;
}

interface Some {
  readonly veneer: string;
  /** Tables by shard; what is begun is taken out. */
  readonly shards: (readonly [string, readonly ShownTable[]])[];
  readonly deadline: number;
  /** Notices about what was left. */
  readonly left: string[];
  /** What ended a session before its time. */
  lost: unknown;
}

/** In one session shard after shard, beside others that do the same: over many small shards to connect would be most of it. */
async function analyzeSome(run: Run, some: Some): Promise<void> {
  const { veneer, shards, deadline, left } = some;
  const work = async (session: Session): Promise<void> => {
    for (let next = shards.shift(); next !== undefined; next = shards.shift()) {
      const [shard, tables] = next;
      const failed = await analyzeShard(run, session, { shard, tables, deadline });
      if (failed.length > 0) left.push(noticeOf(veneer, shard, failed));
      // The rest is for sessions that live.
      if (session.isLost()) throw new Error(`a connection to ${veneer} was lost`);
    }
  };
  try {
    await onVeneer(run, veneer, work);
  } catch (error) {
    some.lost = error;
  }
}

/** The tables of one shard on one veneer. Answers what was left, and why. */
async function analyzeShard(
  run: Run,
  session: Session,
  { shard, tables, deadline }: { shard: string; tables: readonly ShownTable[]; deadline: number },
): Promise<string[]> {
  const failed: string[] = [];
  try {
    const present = await readPresent(session, tables);
    if (present.length === 0) return [];
    run.onProgress({ type: 'analyzing', veneer: session.member, shard, tables: present.length });
    const filled = await readFilled(run, shard, present);
    for (const table of present.filter((one) => filled?.has(one) ?? true)) {
      const end = tooLate(run, deadline) ?? (await analyzeOne(run, session, table, filled !== null));
      if (end !== null) failed.push(`${display(table)}: ${end}`);
      if (session.isLost()) break;
    }
  } catch (error) {
    failed.push(reasonOf(run, error));
  }
  return failed;
}

function noticeOf(veneer: string, shard: string, failed: readonly string[]): string {
  const others = failed.length > 1 ? `, and ${failed.length - 1} more` : '';
  return `${veneer} has no statistics of tables of ${shard} (${failed[0]}${others}): ANALYZE them there`;
}

const ASKED_TO_END = 'the run was asked to end';

/** Whatever was asked just then has been cancelled. */
const reasonOf = ({ signal }: Run, error: unknown): string =>
  signal.aborted && isState(error, SQLSTATE.queryCanceled) ? ASKED_TO_END : textOf(error);

function tooLate({ signal }: Run, deadline: number): string | null {
  if (signal.aborted) return ASKED_TO_END;
  return performance.now() > deadline ? `${LIMITS.run / 1000} s were used up` : null;
}

/** A session of its own, one that the steps are through with where there is one; cancelled from the anchor when the run is asked to end. */
async function onVeneer(run: Run, veneer: string, work: (session: Session) => Promise<void>): Promise<void> {
  const member = findMember(run.config, veneer);
  if (member === undefined) return;
  const anchor = run.anchors.get(veneer);
  const spare = anchor === undefined ? null : run.spares.take(anchor);
  const session = (await inItsLimits(spare)) ?? (await openLimited(run, member));
  // Where the anchor is lost, the time limits of this session end it.
  const cancel = (): void =>
    void run.anchors
      .get(veneer)
      ?.asLogin('SELECT pg_cancel_backend($1)', [session.pid])
      .catch(() => undefined);
  run.signal.addEventListener('abort', cancel);
  try {
    await work(session);
  } finally {
    run.signal.removeEventListener('abort', cancel);
    await session.close();
  }
}

const SET_LIMITS = `SET lock_timeout = ${LIMITS.lock}; SET statement_timeout = ${LIMITS.table}`;

/** The spare with this work's limits; null where there is none, or its server has ended it meanwhile. */
async function inItsLimits(spare: Session | null): Promise<Session | null> {
  try {
    await spare?.run(SET_LIMITS);
    return spare;
  } catch {
    await spare?.close();
    return null;
  }
}

async function openLimited({ applicationName }: Run, member: Member): Promise<Session> {
  const session = await openSession({ ...addressOf(member), applicationName });
  try {
    await session.run(SET_LIMITS);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}

interface PresentTable extends QualifiedName, Row {
  /** What it shows of the shard. */
  readonly remote: QualifiedName;
}

/** Those that are there: a step that was rolled back has left none. */
async function readPresent(session: Session, tables: readonly ShownTable[]): Promise<PresentTable[]> {
  const names = tables.flatMap((table) => (table.kind === 'new' ? table.name : []));
  return session.query<PresentTable>(
    `SELECT n.nspname::text AS schema, c.relname::text AS name,
            (SELECT json_build_object(
                      'schema', coalesce(max(option_value) FILTER (WHERE option_name = 'schema_name'), n.nspname),
                      'name', coalesce(max(option_value) FILTER (WHERE option_name = 'table_name'), c.relname))
               FROM pg_options_to_table(f.ftoptions)) AS remote
       FROM (SELECT unnest($1::oid[])
             UNION SELECT ${relationNamed('named')} FROM unnest($2::text[], $3::text[]) AS named(schema, name)) AS due(oid)
       ${lookUp('pg_class', 'c', `c.oid = due.oid AND c.relkind = 'f'`)}
       ${lookUp('pg_namespace', 'n', 'n.oid = c.relnamespace')}
       ${lookUp('pg_foreign_table', 'f', 'f.ftrelid = c.oid')}
      ORDER BY n.nspname, c.relname`,
    [
      tables.flatMap((table) => (table.kind === 'changed' ? table.oid : [])),
      names.map(({ schema }) => schema),
      names.map(({ name }) => name),
    ],
  );
}

/** So many relations are looked into by one statement, which locks them all until it ends. */
const LOOK_INTO = 200;

/**
 * Those that have rows, asked on the shard itself: through the veneer each empty table, and after a release all new ones
 * are, would cost a statement there and one on the shard. Null where that is not to be had, for lack of a right to one
 * of them, say: then each is asked by itself.
 */
async function readFilled(
  { anchors }: Run,
  shard: string,
  tables: readonly PresentTable[],
): Promise<ReadonlySet<PresentTable> | null> {
  const anchor = anchors.get(shard);
  if (anchor === undefined) return null;
  const filled = new Set<PresentTable>();
  try {
    const stored = await withPages(anchor, tables);
    for (let from = 0; from < stored.length; from += LOOK_INTO) {
      const some = stored.slice(from, from + LOOK_INTO);
      const asked = some.map(({ remote }) => `EXISTS (SELECT FROM ${qualified(remote)})`).join(', ');
      const [row = []] = await askBounded(anchor, `SELECT ${asked}`);
      for (const [index, table] of some.entries()) if (row[index] === true) filled.add(table);
    }
    return filled;
  } catch {
    await rollbackQuietly(anchor);
    return null;
  }
}

/** What went wrong, or null. An empty one is left; `isFilled`: that it is not is known. */
async function analyzeOne(
  run: Run,
  session: Session,
  table: QualifiedName,
  isFilled: boolean,
): Promise<string | null> {
  try {
    const rows = isFilled ? 1 : (await session.query(`SELECT FROM ${qualified(table)} LIMIT 1`)).length;
    if (rows > 0) await session.run(`ANALYZE ${qualified(table)}`);
    return null;
  } catch (error) {
    return reasonOf(run, error);
  }
}
