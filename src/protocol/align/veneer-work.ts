import { readOccupied } from '../../catalog/relations/read-foreign-tables.js';
import type { Fate } from '../../catalog/captured/read-dependents.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, nameKey, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isOurs, type Definition } from '../../veneer/exposure/definition.js';
import { reconcile, type Change } from '../../veneer/tables/reconcile.js';
import type { VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { NOTHING_FORESEEN, readBeyond } from './foreseen.js';
import { aroundRetype, clearTheWay } from './retype.js';
import { placeDefinitions } from './place-definitions.js';
import { runChanges } from './run-changes.js';
import { UnalignedError } from './unaligned-error.js';
import type { ShardChanges } from '../shard/shard-changes.js';

/**
 * Brings a veneer's foreign tables in line with what the shard's transaction made, in the veneer's own transaction, which was
 * begun. Answers the statements; none where nothing is `planned`.
 */
export async function alignVeneer(
  lane: Lane,
  session: Session,
  changes: ShardChanges,
  planned: readonly Change[],
  budget: Budget,
): Promise<VeneerStatement[]> {
  if (planned.length === 0) return [];
  await lane.run.at(`before statements:${session.member}`);
  const prove = (): Promise<void> => proveAligned(lane, session, changes);
  const statements = await executeChanges(lane, session, planned, budget, prove);
  await lane.run.at(`after statements:${session.member}`);
  return statements;
}

/**
 * Begins on a veneer, within what is left of the budget; where its transaction is open, it is this attempt's. Reads that are asked
 * for at the same time take the same round trip.
 */
export async function beginOnVeneer(lane: Lane, session: Session, budget: Budget): Promise<void> {
  await (
    await beginAhead(lane, session, budget)
  ).begun;
}

/**
 * The same, but it is on its way only: what the session is asked from now on comes behind it on the server. Where it fails, for
 * somebody cancels just that, what is behind it is outside of a transaction: only for texts that are refused there
 * (`runBatched`). `begun` has to be waited for all the same.
 */
export async function beginAhead(
  { run }: Lane,
  session: Session,
  budget: Budget,
): Promise<{ readonly begun: Promise<void> }> {
  if (session.status() !== 'I') return { begun: Promise.resolve() };
  await run.at(`before begin:${session.member}`);
  const answered = session.precede(['BEGIN', ...budget.limits(session)].join('; '));
  return { begun: answered.then(() => run.at(`after begin:${session.member}`)) };
}

/** What a veneer shows of what a migration touched, and what it is to show. */
export interface Present {
  readonly tables: readonly ForeignTable[];
  readonly wanted: readonly Definition[];
}

/**
 * Reads the touched tables alone: what a migration did not touch is not looked at. By the names that are wanted and those that
 * the rules gave to what was there before, which are the names of all that is ours: to look for tables by what they show
 * would be to look through all of the server's, whose number grows with the fleet, in every step.
 */
export async function readPresent(
  lane: Lane,
  session: Session,
  changes: ShardChanges,
  foreseen = NOTHING_FORESEEN,
): Promise<Present> {
  const { name: server } = lane.shard.server;
  const wanted = await placeDefinitions(session, changes.wanted);
  return { wanted, tables: await readBeyond(session, server, [...wanted, ...changes.shown], foreseen) };
}

/** Present × wanted. Asks for nothing more. */
export function differenceIn(
  lane: Lane,
  session: Session,
  { exposure, renames }: Pick<ShardChanges, 'exposure' | 'renames'>,
  { tables, wanted }: Present,
): readonly Change[] {
  const names = new Set(wanted.map(nameKey));
  // A table over the same relation that somebody made under another name is theirs: neither changed nor dropped.
  const present = tables.filter((table) => names.has(nameKey(table)) || isOurs(exposure, table));
  const planned = reconcile({ wanted, present, renames, version: session.server.version });
  for (const change of planned)
    if (isRetype(change) || isRetype(change.onParent ?? {})) lane.retyping.add(change.remote.name);
  return planned;
}

/** Those of the names that something else than a foreign table of the shard bears; of `foreseen` tables they need not be asked. */
export async function readOccupiedNames(
  { shard }: Pick<Lane, 'shard'>,
  session: Session,
  names: readonly QualifiedName[],
  { tables } = NOTHING_FORESEEN,
): Promise<readonly QualifiedName[]> {
  const ours = new Set(tables.map(nameKey));
  const others = names.filter((name) => !ours.has(nameKey(name)));
  return others.length === 0 ? [] : readOccupied(session, [shard.server.name], others);
}

/** Throws (exit 20) where a foreign table is to be made under a name that something else bears. */
export function refuseOccupied(
  { member }: Session,
  server: string,
  changes: readonly Change[],
  occupied: readonly QualifiedName[],
): void {
  const made = new Set(changes.filter(({ kind }) => kind === 'create').map(({ table }) => nameKey(table)));
  const taken = occupied.find((name) => made.has(nameKey(name)));
  if (taken === undefined) return;
  throw new VeneerError(
    `${display(taken)} exists on the veneer already, and is not a foreign table of ${server}`,
    {
      exitCode: EXIT.failed,
      where: { member },
      hint: 'rename or drop it there, or expose the relation under another name',
    },
  );
}

/**
 * Runs the changes in the open transaction, with views above columns whose type changes put aside and restored.
 * Answers what was executed. An error names the table and what to do; where something depends on what is to be
 * dropped, or cannot be restored, it is refused by name before the first statement. `behind` asks for what all of them leave.
 */
export async function executeChanges(
  lane: Lane,
  session: Session,
  changes: readonly Change[],
  budget: Budget,
  behind?: () => Promise<void>,
): Promise<VeneerStatement[]> {
  await clearTheWay(session, budget, changes.flatMap(fatesOf));
  const retypes = changes.filter(isRetype);
  const last = changes.filter(({ kind }) => kind === 'create');
  const first = changes.filter((change) => !retypes.includes(change) && !last.includes(change));
  const isOver = last.length === 0 && retypes.length === 0;
  const run = (some: readonly Change[], then?: () => Promise<void>): Promise<VeneerStatement[]> =>
    runChanges(lane, session, some, budget, then);
  const columns = retypes.flatMap(({ oid = '', retyped = [] }) =>
    retyped.map(({ name }) => ({ relation: oid, column: name })),
  );
  const statements = [
    ...(await run(first, isOver ? behind : undefined)),
    ...(await aroundRetype(lane.run.config, session, budget, columns, () => run(retypes))),
    ...(await run(last, isOver ? undefined : behind)),
  ];
  const shown = { veneer: session.member, shard: lane.shard.name };
  for (const { table, remote } of last) lane.run.shown.push({ ...shown, kind: 'new', name: table, remote });
  for (const { oid = '' } of retypes) lane.run.shown.push({ ...shown, kind: 'changed', oid });
  return statements;
}

const isRetype = ({ retyped = [] }: Pick<Change, 'retyped'>): boolean => retyped.length > 0;

/** It neither drops nor retypes anything on which something may depend, nor attaches: its statements are all there is to it. */
export const isPlain = (change: Change): boolean =>
  fatesOf(change).length === 0 && change.attach === undefined;

/** By present names: asked before anything is renamed. */
function fatesOf({ kind, oid = '', dropped = [], retyped = [] }: Change): Fate[] {
  if (kind === 'drop') return [{ relation: oid, column: null, fate: 'drop' }];
  return [
    ...dropped.map((column): Fate => ({ relation: oid, column, fate: 'drop' })),
    ...retyped.map(({ was }): Fate => ({ relation: oid, column: was, fate: 'retype' })),
  ];
}

/** Asks again inside the transaction: what is about to be committed shows exactly what the shard has. Throws {@link UnalignedError}. */
export async function proveAligned(lane: Lane, session: Session, changes: ShardChanges): Promise<void> {
  const { exposure } = changes;
  const present = await readPresent(lane, session, changes);
  const left = differenceIn(lane, session, { exposure, renames: [] }, present);
  if (left.length === 0) return;
  throw new UnalignedError(
    session.member,
    left.flatMap(({ statements }) => statements),
  );
}
