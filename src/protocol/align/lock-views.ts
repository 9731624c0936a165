import { readDependents, type Dependent, type Fate } from '../../catalog/captured/read-dependents.js';
import { display, ident, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { bottomUp } from '../../veneer/dependents/dependents.js';
import type { Budget } from '../lane/budget.js';
import { runNamed } from '../lane/name-cancelled.js';
import { inTime } from './run-batched.js';

/**
 * Takes the lock of each view above these relations, from the top down, as a reader does: a session that reads a view
 * locks the view and then what is under it. Were a table locked first, every reader on its way would hold a view that
 * we want and wait for the table that we hold. Nothing is deparsed before: that would wait for the tables. Handing a
 * view to its own owner changes nothing.
 */
export async function lockAbove(
  session: Session,
  budget: Budget,
  relations: readonly { readonly oid: string }[],
): Promise<void> {
  const fates = relations.map(({ oid }): Fate => ({ relation: oid, column: null, fate: 'retype' }));
  await lockViews(session, budget, await readDependents(session, fates));
}

/** The same for views themselves: last, after all that is above them. */
export async function lockWithAbove(
  session: Session,
  budget: Budget,
  views: readonly OwnedView[],
): Promise<void> {
  const fates = views.map(({ oid }): Fate => ({ relation: oid, column: null, fate: 'retype' }));
  if (views.length > 0) await lockViews(session, budget, await readDependents(session, fates), views);
}

/** A view by its oid, and whose it is. */
export type OwnedView = QualifiedName & { readonly oid: string; readonly owner: string };

/** Views among dependents, and others, from the top down. */
export async function lockViews(
  session: Session,
  budget: Budget,
  dependents: readonly Dependent[],
  besides: readonly OwnedView[] = [],
): Promise<void> {
  const views = dependents.flatMap(({ oid, view, fate }) =>
    view === null || fate === 'drop' ? [] : [{ oid, ...view }],
  );
  const distinct = [...new Map([...besides, ...views].map((view) => [view.oid, view])).values()];
  const ordered = (bottomUp(distinct, dependents) ?? []).toReversed();
  if (ordered.length === 0) return;
  for (const view of ordered) budget.noteLocked(session.member, display(view));
  const locks = ordered.map((view) => ({
    statements: [`ALTER VIEW ${qualified(view)} OWNER TO ${ident(view.owner)}`],
  }));
  const timed = inTime(session, budget, locks, () => true);
  const sent = timed.map(({ sql }) => sql);
  await runNamed(session, budget.limits(session), sent);
}
