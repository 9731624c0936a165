import { lookUp, relationNamed } from '../../catalog/sql/names-sql.js';
import { literal, type QualifiedName } from '../../postgres/identifiers.js';
import type { Answer, Session } from '../../postgres/session.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import type { Lane } from '../lane/lane.js';
import type { ShownTable } from '../run/shown-table.js';

/** Milliseconds for one look into tables, and for a lock that somebody else holds. */
export const LOOK_LIMITS = { table: 10_000, lock: 1_000 };

/** One text, so that nothing else on the anchor comes in between: a lock that somebody holds there is not waited for. */
export async function askBounded(anchor: Session, query: string): Promise<Answer['rows']> {
  const answers = await anchor.ask(
    `BEGIN READ ONLY; SET LOCAL lock_timeout = ${LOOK_LIMITS.lock}; SET LOCAL statement_timeout = ${LOOK_LIMITS.table};
     ${query}; COMMIT`,
  );
  return answers[3]?.rows ?? [];
}

/**
 * Without tables of which the shard has no page: after a release most are new, and to plan a look into each takes
 * longer than to ask for their sizes. What stores nothing itself, as a view, may show rows all the same.
 */
export async function withPages<T extends { readonly remote: QualifiedName }>(
  anchor: Session,
  tables: readonly T[],
): Promise<T[]> {
  const wanted = tables.map(({ remote }, at) => ({ ...remote, at }));
  const empty = await askBounded(
    anchor,
    `SELECT wanted.at FROM json_to_recordset(${literal(JSON.stringify(wanted))}) AS wanted(schema text, name text, at int)
       ${lookUp('pg_class', 'c', `c.oid = ${relationNamed('wanted')}`)}
      WHERE c.relkind IN ('r', 'm') AND NOT c.relhassubclass AND pg_relation_size(c.oid) = 0`,
  );
  const left = new Set(empty.map(([at]) => at));
  return tables.filter((_, at) => !left.has(at));
}

/**
 * Has the run forget new tables of a lane's shard that stayed empty, of which there will be no statistics. While the lane's anchor is
 * there: where a tenant is a database, to look into it at the end of the run would be to connect anew. Only when all steps of
 * the shard are through, and no veneer's come: a later one may fill a table. Never throws: what was not to be found out is looked into later.
 */
export async function forgetEmpty({ run, shard }: Lane): Promise<void> {
  const anchor = run.anchors.get(shard.name);
  const due = run.shown.flatMap((table) =>
    table.kind === 'new' && table.shard === shard.name ? [{ table, remote: table.remote }] : [],
  );
  const isDue = due.length > 0 && run.config.rollout.analyze !== 'never' && !run.signal.aborted;
  if (anchor === undefined || !isDue) return;
  try {
    const kept = new Set((await withPages(anchor, due)).map(({ table }) => table));
    const gone = new Set<ShownTable>(due.map(({ table }) => table).filter((table) => !kept.has(table)));
    // In place, and with nothing awaited in between: other lanes add theirs meanwhile.
    for (const table of run.shown.splice(0)) if (!gone.has(table)) run.shown.push(table);
  } catch {
    await rollbackQuietly(anchor);
  }
}
