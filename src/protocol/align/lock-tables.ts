import { readForeignTableHeads } from '../../catalog/read-foreign-tables.js';
import { remoteOf, type ForeignTableHead } from '../../catalog/relation.js';
import type { TenantConfig } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import { display, ident, nameKey, qualified } from '../../postgres/identifiers.js';
import { MemberError } from '../../postgres/member-error.js';
import type { Session } from '../../postgres/session.js';
import { exposureOf, shownAs } from '../../veneer/exposure.js';
import type { Budget } from '../lane/budget.js';
import { wholeShard, type Lane } from '../lane/lane.js';
import { lockAbove } from './lock-views.js';
import { inTime } from './run-batched.js';
import { readStrangers } from './strangers.js';
import { lockUnionsOver } from './unions.js';
import { beginOnVeneer } from './veneer-work.js';

/** Begins, and takes ACCESS EXCLUSIVE on the foreign tables that show these relations of the tenants, ours and others'. */
export async function lockOnVeneer(
  lane: Lane,
  session: Session,
  tenants: readonly TenantConfig[],
  relations: readonly string[],
  budget: Budget,
): Promise<void> {
  const exposure = exposureOf(lane.run.config, wholeShard(lane));
  const remote = tenants.flatMap(({ schema }) => relations.map((name) => ({ schema, name })));
  const ours = remote.flatMap((relation) => shownAs(exposure, relation)?.name ?? []);
  const named = [...ours, ...(await readStrangers(lane, session, exposure))];
  const keys = new Set(remote.map(nameKey));
  const [tables] = await allDone([
    readForeignTableHeads(session, [lane.shard.server.name], named),
    beginOnVeneer(lane, session, budget),
  ]);
  await lockTables(
    lane,
    session,
    tables.filter((table) => keys.has(nameKey(remoteOf(table)))),
    budget,
  );
}

/** LOCK TABLE is refused on foreign tables; handing one to its own owner changes nothing and takes the lock. */
export async function lockTables(
  lane: Lane,
  session: Session,
  tables: readonly ForeignTableHead[],
  budget: Budget,
): Promise<void> {
  if (tables.length === 0) return;
  await lockUnionsOver(lane.run.config, session, tables, budget);
  await lockAbove(
    session,
    budget,
    tables
      .filter((table) => lane.retyping.has(remoteOf(table).name))
      .flatMap((table) => (table.parent === null ? [table] : [table, table.parent])),
  );
  for (const table of tables) budget.noteLocked(session.member, display(table));
  const limits = budget.limits(session).split('; ');
  const locks = contendedFirst(lane, tables).map((table) => ({ table, statements: [lockSql(table)] }));
  const timed = inTime(session, budget, locks, () => true);
  try {
    await session.run([...limits, ...timed.map(({ sql }) => sql)].join('; '));
  } catch (error) {
    const refused = error instanceof MemberError ? timed[error.completed - limits.length] : undefined;
    if (refused !== undefined) lane.contended.unshift(display(refused.piece.table));
    throw error;
  }
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
