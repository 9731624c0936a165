import type { Migration, MigrationBody, MigrationDb, Statement } from '../../migrations/migration.js';
import { allDone } from '../../postgres/all-done.js';
import { ident, literal } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import { explain, ours, textOf, type Part } from './explain-failure.js';
import { hasForgotten, mayPrepare, prologueOf, prologuesOf } from './prologue.js';
import type { Subject } from './subject.js';

/**
 * Runs a migration for one tenant, shard or veneer in the open transaction: one text in the simple protocol, so that a
 * tenant costs one round trip. Answers what was run but for what makes the session fresh, each with a line end behind it.
 * Throws a VeneerError that names file, line, member and tenant.
 */
export async function runFor(
  session: Session,
  migration: Migration,
  subject: Subject,
  budget: Budget,
): Promise<readonly string[]> {
  const { body } = migration;
  const fresh = prologueOf(session, subject, { budget, forget: mayPrepare(migration) });
  // What is built may set something of its own before its statements run, so that these find the session as it is then.
  if (body.kind === 'dynamic') await session.run(fresh.join('; '));
  const statements = await statementsOf(session, body, subject);
  const prologue = body.kind === 'dynamic' ? budget.limits(session) : fresh;
  const parts = [{ tenant: subject.tenant, prologue, statements }];
  try {
    if (statements.length > 0) await session.run(textOf(parts));
  } catch (error) {
    throw explain(error, migration, parts);
  }
  return [...surroundings(subject), ...statements.map((statement) => `${statement.sql}\n`)];
}

interface Several<T> {
  readonly migration: Migration;
  readonly subjects: readonly Subject[];
  readonly budget: Budget;
  /** Hears how many of the subjects are done, whenever one more is. */
  readonly onDone: (done: number) => void;
  /** Null: more of the migration comes behind it. */
  readonly end: MigrationEnd<T> | null;
}

/**
 * The same for several whose statements are alike, as one text: a round trip however many they are. Each begins with a
 * fresh session, and what is left of the budget bounds each of its statements. Answers what was read at its end.
 */
export async function runForAll<T>(
  session: Session,
  several: Several<T>,
): Promise<{ readonly read: T } | null> {
  const { migration, subjects, budget, onDone, end } = several;
  const { before, parts, after } = partsFor(session, migration, subjects, budget);
  if (parts.every(({ statements }) => statements.length === 0)) {
    const read = end === null ? null : { read: await runEnd(session, end) };
    onDone(subjects.length);
    return read;
  }
  const each = (parts[0]?.prologue.length ?? 0) + (parts[0]?.statements.length ?? 0);
  const all = [...ours(before), ...parts, ...ours([...after, ...(end?.statements() ?? [])])];
  const told = (completed: number): void => {
    const done = (completed - before.length) / each;
    if (done > 0 && done <= subjects.length && Number.isInteger(done)) onDone(done);
  };
  const explained = (error: unknown): never => {
    throw hasForgotten(error, migration) ? error : explain(error, migration, all);
  };
  if (end !== null && !mayPrepare(migration)) {
    const [, read] = await allDone([session.precede(textOf(all), told).catch(explained), end.read()]);
    return { read };
  }
  await session.run(textOf(all), told).catch(explained);
  return end === null ? null : { read: await end.read() };
}

/** What a text holds of one migration. */
interface PartsOfMigration {
  readonly before: readonly string[];
  /** One for each subject, in their order. */
  readonly parts: readonly Part[];
  readonly after: readonly string[];
}

/** Of a migration whose statements are alike for all subjects, each with what makes the session fresh. */
export function partsFor(
  session: Session,
  migration: Migration,
  subjects: readonly Subject[],
  budget: Budget,
): PartsOfMigration {
  const { body } = migration;
  if (body.kind !== 'static') throw new Error('only what is alike for all can be sent together');
  const { before, prologues, after } = prologuesOf(session, migration, subjects, budget);
  const parts = subjects.map(({ tenant }, index): Part => {
    return { tenant, prologue: prologues[index] ?? [], statements: body.statements };
  });
  return { before, parts, after };
}

/** What comes behind all statements of a migration. */
export interface MigrationEnd<T> {
  /** Ours, built when they are sent. */
  readonly statements: () => readonly string[];
  /**
   * Reads what is there after them. It is sent without waiting for their answer, but for where the migration may have the session
   * forget what was prepared, as only that answer tells.
   */
  readonly read: () => Promise<T>;
}

/** By itself, where it could not share the migration's last text. */
export async function runEnd<T>(session: Session, { statements, read }: MigrationEnd<T>): Promise<T> {
  return (await allDone([session.precede(statements().join('; ')), read()]))[1];
}

/** What a migration sees of whom it runs for. */
export const surroundings = ({ searchPath, settings }: Subject): string[] => [
  `SET LOCAL search_path TO ${ident(searchPath)}`,
  ...Object.entries(settings).map(([name, value]) => `SET LOCAL pgveneer.${name} TO ${literal(value)}`),
];

/** The statements of one part; a dynamic one is built now, and may ask the open transaction. */
export async function statementsOf(
  session: Session,
  body: MigrationBody,
  { target }: Subject,
): Promise<readonly Statement[]> {
  if (body.kind === 'static') return body.statements;
  const query: MigrationDb['query'] = async (text, values) => {
    const rows = await session.query(text, values);
    return { rows, rowCount: rows.length };
  };
  return body.build({ query }, target);
}
