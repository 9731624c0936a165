import { textOf } from '../../errors.js';
import type { Migration } from '../../migrations/migration.js';
import { freshForEach, freshForMigration, PREPARED_NAME } from '../../postgres/hygiene.js';
import { literal } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Budget } from '../lane/budget.js';
import type { Subject } from './subject.js';

/** What makes a session fresh for each of several, in one text. */
interface Prologues {
  /** At the beginning of the text. */
  readonly before: readonly string[];
  /** Before the statements of each, in their order; as many for one as for the other. */
  readonly prologues: readonly (readonly string[])[];
  /** At its end. */
  readonly after: readonly string[];
}

/** A fresh session for each, what is left of the budget, and what a migration sees of whom it runs for. */
export function prologuesOf(
  session: Session,
  migration: Migration,
  subjects: readonly Subject[],
  budget: Budget,
): Prologues {
  const forget = mayPrepare(migration);
  if (forget || subjects.length === 1) {
    const prologues = subjects.map((subject) => prologueOf(session, subject, { budget, forget }));
    return { before: [], prologues, after: [] };
  }
  const settings = Object.keys(subjects[0]?.settings ?? {});
  const locals = localsOf(
    session,
    budget,
    settings.map((name, index) => [name, `$${index + 1}`]),
  );
  const { begin, each, end } = freshForEach(session.pinned, locals);
  const prologues = subjects.map(({ searchPath, settings: values }) =>
    each(
      searchPath,
      settings.map((name) => values[name] ?? ''),
    ),
  );
  return { before: begin, prologues, after: end };
}

interface PrologueOptions {
  readonly budget: Budget;
  /** Also forget what was prepared. */
  readonly forget: boolean;
}

/** The same for one. */
export function prologueOf(
  session: Session,
  { searchPath, settings }: Subject,
  { budget, forget }: PrologueOptions,
): readonly string[] {
  const seen = Object.entries(settings).map(([name, value]) => [name, literal(value)] as const);
  const locals = {
    ...localsOf(session, budget, seen),
    // As SET would write it: a migration may read it.
    search_path: `pg_catalog.quote_ident(${literal(searchPath)})`,
  };
  return freshForMigration(session.pinned, locals, { forget });
}

/** By the name of a setting, an expression of its value. */
const localsOf = (
  session: Session,
  budget: Budget,
  settings: readonly (readonly [string, string])[],
): Readonly<Record<string, string>> => ({
  ...budget.shrinking(session),
  ...Object.fromEntries(settings.map(([name, value]) => [`pgveneer.${name}`, value])),
});

/**
 * What was prepared for the tenant before outlives even a rollback, and its name is taken. The words may stand in what a DO
 * block executes. A function that prepares, called by a migration without them, has to deallocate itself where a shard has
 * several tenants: to forget everything each time would cost every step of everybody more than its own statements do. One
 * that deallocates is found out by the first attempt: see {@link hasForgotten}.
 */
export const mayPrepare = (migration: Migration): boolean => {
  const { body, verify } = migration;
  return (
    forgetting.has(migration) ||
    [body, ...(verify === undefined ? [] : [verify])].some(
      (part) => part.kind === 'dynamic' || part.statements.some(({ sql }) => /prepare|deallocate/i.test(sql)),
    )
  );
};

/** Migrations that call something by which the session forgets what is prepared, and do not say so. */
const forgetting = new WeakSet<Migration>();

/**
 * Did a text fail because the migration had the session forget what stands before each tenant? Then the next attempt knows, and
 * the error, which is nobody's statement, is worth one.
 */
export function hasForgotten(error: unknown, migration: Migration): boolean {
  if (!isState(error, SQLSTATE.unknownStatement) || !textOf(error).includes(PREPARED_NAME)) return false;
  forgetting.add(migration);
  return true;
}
