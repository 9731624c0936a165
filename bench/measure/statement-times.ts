import { openSession, type Session } from '../../src/postgres/session.js';
import { testServers } from '../../test/support/test-servers.js';

/** What servers must be started with so that {@link watchStatements} sees anything (PostgreSQL documentation, F.32.1). */
export const WATCHED = {
  shared_preload_libraries: 'pg_stat_statements',
  'pg_stat_statements.track_planning': 'on',
  'pg_stat_statements.max': '50000',
};

/** A statement with its constants taken out, and what it took of one server. */
export interface StatementTime {
  readonly on: 'shards' | 'veneer';
  readonly text: string;
  readonly calls: number;
  readonly rows: number;
  /** To plan and to run it, milliseconds; it may have waited for a processor meanwhile. */
  readonly ms: number;
}

const TIMES = `
  SELECT query AS text, calls::float8 AS calls, rows::float8 AS rows,
         total_plan_time + total_exec_time AS ms
    FROM public.pg_stat_statements`;

/** What the run's servers did while `work` ran, by statement, in all of their databases. */
export async function watchStatements(work: () => Promise<unknown>): Promise<StatementTime[]> {
  const sessions = await Promise.all(
    testServers().servers.map(({ name, superuserUrl }) =>
      openSession({ member: name, url: superuserUrl, applicationName: 'pg-veneer bench' }),
    ),
  );
  try {
    await eachOf(sessions, async (session) => {
      await session.run('CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public');
      await session.run('SELECT public.pg_stat_statements_reset()');
    });
    await work();
    return (await eachOf(sessions, timesOf)).flat();
  } finally {
    await eachOf(sessions, (session) => session.close());
  }
}

const eachOf = <T>(sessions: readonly Session[], work: (session: Session) => Promise<T>): Promise<T[]> =>
  Promise.all(sessions.map(work));

async function timesOf(session: Session): Promise<StatementTime[]> {
  const rows = await session.query<{ text: string; calls: number; rows: number; ms: number }>(TIMES);
  return rows.map((row) => ({ ...row, on: session.member === 'veneer' ? 'veneer' : 'shards' }));
}
