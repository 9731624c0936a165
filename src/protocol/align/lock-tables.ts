import { remoteOf, type ForeignTableHead } from '../../catalog/relations/relation.js';
import { allDone } from '../../postgres/all-done.js';
import { display, ident, qualified } from '../../postgres/identifiers.js';
import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { nameCancelled } from '../lane/name-cancelled.js';
import { lockAbove } from './lock-views.js';
import { inTime } from './run-batched.js';
import { lockUnionsOver } from './unions.js';

/** Reads what was locked, in the same round trip. */
export type ReadLocked = (locked: readonly ForeignTableHead[]) => Promise<void>;

/** LOCK TABLE is refused on foreign tables; handing one to its own owner changes nothing and takes the lock. */
export async function lockTables(
  lane: Lane,
  session: Session,
  tables: readonly ForeignTableHead[],
  budget: Budget,
  behind: ReadLocked = async () => undefined,
): Promise<void> {
  if (tables.length === 0) return behind(tables);
  await lockUnionsOver(lane.run.config, session, tables, budget);
  await lockAbove(
    session,
    budget,
    tables
      .filter((table) => lane.retyping.has(remoteOf(table).name))
      .flatMap((table) => (table.parent === null ? [table] : [table, table.parent])),
  );
  for (const table of tables) budget.noteLocked(session.member, display(table));
  const limits = budget.limits(session);
  const locks = contendedFirst(lane, tables).map((table) => ({ table, statements: [lockSql(table)] }));
  const timed = inTime(session, budget, locks, () => true);
  const sent = [...limits, ...timed.map(({ sql }) => sql)];
  const taken = session.precede(sent.join('; ')).catch((error: unknown) => {
    const refused = error instanceof MemberError ? timed[error.completed - limits.length] : undefined;
    if (refused !== undefined) lane.contended.unshift(display(refused.piece.table));
    throw nameCancelled(error, sent);
  });
  await allDone([taken, behind(tables)]);
}

/** A partition is locked with its parent, which whoever reads through the parent locks first. */
const lockSql = (table: ForeignTableHead): string =>
  table.parent === null
    ? `ALTER FOREIGN TABLE ${qualified(table)} OWNER TO ${ident(table.owner)}`
    : `LOCK TABLE ${qualified(table.parent)} IN ACCESS EXCLUSIVE MODE`;

/**
 * What an earlier attempt did not get comes first. An application that reads one table and then another holds the
 * first while it waits for the second: whoever locks them the other way round waits for it in vain, every time.
 */
function contendedFirst(lane: Lane, tables: readonly ForeignTableHead[]): ForeignTableHead[] {
  const isContended = (table: ForeignTableHead): boolean => lane.contended.includes(display(table));
  const place = (table: ForeignTableHead): number => lane.contended.indexOf(display(table));
  return [
    ...tables.filter(isContended).toSorted((a, b) => place(a) - place(b)),
    ...tables.filter((table) => !isContended(table)),
  ];
}
