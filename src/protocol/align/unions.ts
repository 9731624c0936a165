import type { CapturedView } from '../../catalog/captured/captured.js';
import { readViewNames, type ShownTable } from '../../catalog/unions/read-unions.js';
import { remoteOf, type ForeignTableHead } from '../../catalog/relations/relation.js';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { display, nameKey, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { Definition } from '../../veneer/exposure/definition.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import { putAside, restore, type Captured } from '../../veneer/dependents/restore.js';
import {
  createUnion,
  isInLine,
  isReplaceable,
  unionsAmiss,
  unionSql,
  wantedUnions,
  type UnionFacts,
  type UnionShape,
} from '../../veneer/unions.js';
import { tagged, UNION, type VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import { lockWithAbove } from './lock-views.js';
import { captureViews, proveRestored, runPieces, statementsOf } from './retype.js';
import { exposuresOn, hasUnions, readUnionFacts } from './union-facts.js';

/** Takes the locks of the views over these tables, before theirs: the order in which a reader of a view locks. */
export async function lockUnionsOver(
  config: Config,
  session: Session,
  tables: readonly ForeignTableHead[],
  budget: Budget,
): Promise<void> {
  if (!hasUnions(config)) return;
  const shown = tables.map((table) => ({ table, remote: remoteOf(table), server: table.server }));
  await lockUnions(session, unionsOf(config, session, shown), budget);
}

const unionsOf = (config: Config, { member }: Session, tables: readonly ShownTable[]): QualifiedName[] =>
  wantedUnions(exposuresOn(config, member), tables).map(({ name }) => name);

async function lockUnions(session: Session, names: readonly QualifiedName[], budget: Budget): Promise<void> {
  if (names.length > 0) await lockWithAbove(session, budget, await readViewNames(session, names));
}

/** What a step changes on a veneer for one server. */
export interface ServerChanges {
  readonly server: string;
  readonly changes: readonly Change[];
  /** What it will show then: a table that is renamed is a branch of another view. */
  readonly wanted: readonly Definition[];
}

/** Views over all tenants that a step touches, and those of them that had to go before it could change a table. */
export interface TouchedUnions {
  readonly names: readonly QualifiedName[];
  readonly aside: Captured;
  readonly statements: readonly VeneerStatement[];
}

const UNTOUCHED: TouchedUnions = { names: [], aside: { views: [], attachments: [] }, statements: [] };

/**
 * Before the foreign tables change: locks the views over them, and puts aside those over a column or table that goes or
 * changes its type, with what stands above. Throws (exit 20) by name where that could not be made again.
 */
export async function putUnionsAside(
  config: Config,
  session: Session,
  planned: readonly ServerChanges[],
  budget: Budget,
): Promise<TouchedUnions> {
  if (!hasUnions(config) || planned.every(({ changes }) => changes.length === 0)) return UNTOUCHED;
  const shown = (wanted: (change: Change) => boolean): ShownTable[] =>
    planned.flatMap(({ server, changes }) =>
      changes.filter(wanted).map(({ table, remote }) => ({ server, table, remote })),
    );
  const later = planned.flatMap(({ server, wanted }) =>
    wanted.map((definition) => ({ server, table: definition, remote: definition.remote })),
  );
  const names = unionsOf(config, session, [...shown(() => true), ...later]);
  await lockUnions(session, names, budget);
  const going = await readViewNames(session, unionsOf(config, session, shown(takesAway)));
  if (going.length === 0) return { ...UNTOUCHED, names };
  return { names, ...(await takeAway(session, going, budget)) };
}

/** Puts views over all tenants aside, with what stands above them. Throws (exit 20) by name where that could not be made again. */
async function takeAway(
  session: Session,
  views: readonly { readonly oid: string }[],
  budget: Budget,
): Promise<Pick<TouchedUnions, 'aside' | 'statements'>> {
  const oids = views.map(({ oid }) => oid);
  const aside = await captureViews(session, oids);
  const pieces = putAside(aside);
  await runPieces(session, budget, pieces, 'put aside');
  const unions = aside.views.filter(({ oid }) => oids.includes(oid));
  return { aside, statements: statementsOf(pieces, unions) };
}

const takesAway = ({ kind, dropped = [], retyped = [] }: Change): boolean =>
  kind === 'drop' || dropped.length + retyped.length > 0;

/** After the foreign tables have changed: makes the touched views what they should be now. Answers the statements. */
export async function alignUnions(
  config: Config,
  session: Session,
  { names, aside }: TouchedUnions,
  budget: Budget,
): Promise<VeneerStatement[]> {
  if (names.length === 0) return [];
  const touched = new Set(names.map(nameKey));
  const found = (await readUnionFacts(config, session, aside.views)).filter(({ name }) =>
    touched.has(nameKey(name)),
  );
  const statements = await makeAgain(session, aside, names, found, budget);
  const made = new Set(aside.views.map(nameKey));
  const without = names.filter((name) => !found.some((union) => sameName(union.name, name)));
  statements.push(...(await dropUnions(session, without, budget)));
  for (const union of found.filter(({ name }) => !made.has(nameKey(name))))
    statements.push(...(await bringInLine(session, union, budget)));
  const left = unionsAmiss(await readUnionFacts(config, session)).find(({ name }) =>
    touched.has(nameKey(name)),
  );
  if (left !== undefined) throw stillOther(session, left);
  return statements;
}

/** All of them, where a veneer is repaired. */
export async function repairUnions(
  config: Config,
  session: Session,
  budget: Budget,
): Promise<VeneerStatement[]> {
  const names = unionsAmiss(await readUnionFacts(config, session)).map(({ name }) => name);
  await lockUnions(session, names, budget);
  return alignUnions(config, session, { ...UNTOUCHED, names }, budget);
}

/** Without a branch there is no view, and what reads it refuses the step, by its name. */
async function dropUnions(
  session: Session,
  names: readonly QualifiedName[],
  budget: Budget,
): Promise<readonly VeneerStatement[]> {
  const views = names.length === 0 ? [] : await readViewNames(session, names);
  if (views.length === 0) return [];
  const { aside, statements } = await takeAway(session, views, budget);
  return [...statements, ...(await makeAgain(session, aside, names, [], budget))];
}

async function bringInLine(
  session: Session,
  union: UnionFacts,
  budget: Budget,
): Promise<readonly VeneerStatement[]> {
  const { name, shape, present } = union;
  if (present === undefined) return runOne(session, name, createUnion(name, shape, 'CREATE'), budget);
  if (present.kind !== 'v') throw taken(session, name);
  if (isInLine(present, shape)) return [];
  if (isReplaceable(present, shape))
    return runOne(session, name, createUnion(name, shape, 'CREATE OR REPLACE'), budget);
  const { aside, statements } = await takeAway(session, [present], budget);
  return [...statements, ...(await makeAgain(session, aside, [name], [union], budget))];
}

async function runOne(
  session: Session,
  name: QualifiedName,
  statement: string,
  budget: Budget,
): Promise<VeneerStatement[]> {
  refuseOldVeneer(session, name);
  await runPieces(session, budget, [{ about: `view ${display(name)}`, statements: [statement] }], 'made');
  return tagged(UNION, [statement]);
}

/** What was put aside, with the views over all tenants as they are to be now; one without a branch is gone. */
async function makeAgain(
  session: Session,
  aside: Captured,
  names: readonly QualifiedName[],
  unions: readonly UnionFacts[],
  budget: Budget,
): Promise<VeneerStatement[]> {
  if (aside.views.length === 0) return [];
  const shapes = new Map(unions.map(({ name, shape }) => [nameKey(name), shape]));
  const ours = new Set(names.map(nameKey));
  const others = aside.views.filter((view) => !ours.has(nameKey(view)));
  const views = aside.views.flatMap((view) => {
    const shape = shapes.get(nameKey(view));
    if (shape !== undefined) return [withShape(view, shape)];
    return ours.has(nameKey(view)) ? [] : [view];
  });
  const pieces = restore({ ...aside, views });
  await runPieces(session, budget, pieces, 'made again over the changed tables');
  await proveRestored(session, { ...aside, views: others });
  return statementsOf(pieces, names);
}

/** A captured view with another query: owner, grants, comments and options are kept, as far as their columns are. */
function withShape(view: CapturedView, shape: UnionShape): CapturedView {
  const names = new Set(shape.columns.map(({ name }) => name));
  return {
    ...view,
    definition: unionSql(shape),
    options: [
      ...view.options.filter((option) => !option.startsWith('security_invoker=')),
      'security_invoker=true',
    ],
    columns: view.columns.filter(({ name }) => names.has(name)),
  };
}

/** Before it, a view reads as its owner: see `createUnion`. */
const SECURITY_INVOKER = 150_000;

function refuseOldVeneer({ member, server }: Session, name: QualifiedName): void {
  if (server.version >= SECURITY_INVOKER) return;
  throw new VeneerError(`view ${display(name)} over all tenants needs PostgreSQL 15 or later on ${member}`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'before that a view shows what its owner may see, to everybody: upgrade the veneer, or take union out of shards.yaml',
  });
}

const taken = ({ member }: Session, name: QualifiedName): VeneerError =>
  new VeneerError(`${display(name)} exists on ${member} already, and is no view`, {
    exitCode: EXIT.failed,
    where: { member },
    hint: 'rename or drop it there, or give the view over all tenants another name in shards.yaml (expose … union)',
  });

const stillOther = ({ member }: Session, { name }: UnionFacts): VeneerError =>
  new VeneerError(`view ${display(name)} would not show on ${member} what it should`, {
    exitCode: EXIT.bug,
    where: { member },
    hint: 'nothing was committed; this is a fault of pg-veneer, please report it',
  });
