import { readAttachments, readViews } from '../../catalog/captured/read-captured.js';
import { readDependents, type Dependent, type Fate } from '../../catalog/captured/read-dependents.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Config } from '../../config/config.js';
import { display, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import {
  bottomUp,
  differing,
  differingAttachments,
  obstaclesAmong,
  obstaclesOf,
  type Obstacle,
} from '../../veneer/dependents/dependents.js';
import { putAside, restore, type Captured, type Piece } from '../../veneer/dependents/restore.js';
import { OTHER, tagged, UNION, type VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import { lockViews } from './lock-views.js';
import { runBatched } from './run-batched.js';
import { readUnionNames } from './union-facts.js';

/** A column of a veneer whose type is about to change: of a foreign table, or of a partitioned parent. */
export interface ColumnOnVeneer {
  /** Oid of the relation. */
  readonly relation: string;
  /** Its name as it is now. */
  readonly column: string;
}

/**
 * Runs `work`, which changes the types of these columns in the session's open transaction, with whatever PostgreSQL
 * would not let stand above them put aside and then restored: views over views, rules, triggers, with owner, grants,
 * comments and options. Answers all statements in order, those of `work` among them; replayed, they do the same.
 * Throws (exit 20) by name, with nothing done, where something cannot be restored as it was; and (exit 1) where it
 * was restored otherwise.
 */
export async function aroundRetype(
  config: Config,
  session: Session,
  budget: Budget,
  columns: readonly ColumnOnVeneer[],
  work: () => Promise<readonly VeneerStatement[]>,
): Promise<VeneerStatement[]> {
  const captured = await capture(session, columns.map(retypeOf));
  const unions = captured.views.length === 0 ? [] : await readUnionNames(config, session);
  const [away, back] = [putAside(captured), restore(captured)];
  await runPieces(session, budget, away, 'put aside');
  const done = await work();
  await runPieces(session, budget, back, 'restored over the changed columns');
  await proveRestored(session, captured);
  return [...statementsOf(away, unions), ...done, ...statementsOf(back, unions)];
}

const retypeOf = ({ relation, column }: ColumnOnVeneer): Fate => ({ relation, column, fate: 'retype' });

/** Of pieces; what makes or drops one of the views over all tenants belongs to it, and all else is somebody's own. Pure. */
export const statementsOf = (pieces: readonly Piece[], unions: readonly QualifiedName[]): VeneerStatement[] =>
  pieces.flatMap(({ view, statements }) =>
    tagged(view !== undefined && unions.some((name) => sameName(name, view)) ? UNION : OTHER, statements),
  );

/** Throws (exit 20), by the name of each, where something stands in the way of a fate; answers what can be put aside. */
async function capture(session: Session, fates: readonly Fate[]): Promise<Captured> {
  const dependents = await readDependents(session, fates);
  refuse(session, obstaclesAmong(dependents));
  const captured = await readAll(session, dependents);
  refuse(session, obstaclesOf(dependents, [...captured.views, ...captured.attachments]));
  const views = bottomUp(captured.views, dependents);
  if (views !== null) return { ...captured, views };
  throw inTheWay(
    session,
    dependents.map(({ text, on }) => ({ text, on, why: 'these views read each other in a circle' })),
  );
}

/**
 * Views, with all that stands above them, to be put aside and made again. Throws (exit 20), by the name of each, where
 * something could not be made as it was.
 */
export async function captureViews(session: Session, oids: readonly string[]): Promise<Captured> {
  const fates = oids.map((relation): Fate => ({ relation, column: null, fate: 'retype' }));
  const dependents = await readDependents(session, fates);
  refuse(session, obstaclesAmong(dependents));
  const captured = await readAll(session, dependents, oids);
  const own = captured.views
    .filter(({ oid }) => oids.includes(oid))
    .flatMap((view) => view.obstacles.map((why) => ({ text: `view ${display(view)}`, on: 'tables', why })));
  refuse(session, [...own, ...obstaclesOf(dependents, [...captured.views, ...captured.attachments])]);
  return { ...captured, views: bottomUp(captured.views, dependents) ?? captured.views };
}

async function readAll(
  session: Session,
  dependents: readonly Dependent[],
  besides: readonly string[] = [],
): Promise<Captured> {
  const oids = (...kinds: readonly Dependent['kind'][]): string[] => [
    ...new Set(dependents.filter(({ kind }) => kinds.includes(kind)).map(({ oid }) => oid)),
  ];
  const views = await readViews(session, { oids: [...oids('view'), ...besides] });
  return { views, attachments: await readAttachments(session, { oids: oids('rule', 'trigger') }) };
}

/**
 * Refuses by name (exit 20) what can be seen from afar to stand in the way of these fates, and takes the locks of the
 * views that will be put aside.
 */
export async function clearTheWay(session: Session, budget: Budget, fates: readonly Fate[]): Promise<void> {
  const dependents = await readDependents(session, fates);
  refuse(session, obstaclesAmong(dependents));
  await lockViews(session, budget, dependents);
}

function refuse(session: Session, obstacles: readonly Obstacle[]): void {
  if (obstacles.length > 0) throw inTheWay(session, obstacles);
}

/** How many are named in the message, and in its detail: a fleet may have one in each of 2,000 tenants. */
const NAMED = { message: 3, detail: 30 };

function inTheWay({ member }: Session, obstacles: readonly Obstacle[]): VeneerError {
  const names = [...new Set(obstacles.map(({ text }) => text))];
  const verb = names.length === 1 ? 'stands' : 'stand';
  return new VeneerError(
    `${listed(names, NAMED.message, ', ')} ${verb} in the way on ${member}, and nothing is dropped by CASCADE`,
    {
      exitCode: EXIT.failed,
      where: { member },
      detail: listed([...new Set(obstacles.map(lineOf))], NAMED.detail, '\n'),
      hint: `drop or change on ${member} what is named, by hand or in a migration of the veneers, migrate, and make it anew`,
    },
  );
}

const listed = (names: readonly string[], limit: number, separator: string): string =>
  names.slice(0, limit).join(separator) +
  (names.length > limit ? `${separator}and ${names.length - limit} more` : '');

const lineOf = ({ text, on, why }: Obstacle): string =>
  why === null ? `${text} depends on ${on}` : `${text} depends on ${on}, and ${why}`;

/** Runs pieces in order; an error names the one that it is about, and what it could not be. */
export async function runPieces(
  session: Session,
  budget: Budget,
  pieces: readonly Piece[],
  what: string,
): Promise<void> {
  await runBatched(session, budget, pieces, {
    waits: () => false,
    explain: (error, { about }) =>
      error instanceof VeneerError
        ? new VeneerError(`${about} cannot be ${what}: ${error.message}`, {
            ...error.facts,
            hint: `drop it on ${session.member} before this migration, and make it anew after`,
            cause: error,
          })
        : error,
  });
}

/** Throws (exit 1) where what was made again is not what it was. */
export async function proveRestored(session: Session, before: Captured): Promise<void> {
  const views = await readViews(session, { like: before.views });
  const attachments = await readAttachments(session, { like: before.attachments });
  const [first] = [
    ...differing(before.views, views).map((view) => `view ${display(view)}`),
    ...differingAttachments(before.attachments, attachments).map(({ kind, name }) => `${kind} ${name}`),
  ];
  if (first === undefined) return;
  throw new VeneerError(`${first} would not be on ${session.member} what it was`, {
    exitCode: EXIT.bug,
    where: { member: session.member },
    hint: 'nothing was committed; this is a fault of pg-veneer, please report it with the definition',
  });
}
