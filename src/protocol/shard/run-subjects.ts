import type { Migration } from '../../migrations/migration.js';
import type { Session } from '../../postgres/session.js';
import type { Budget } from '../lane/budget.js';
import { runEnd, runFor, runForAll, type MigrationEnd } from './run-tenant.js';
import type { AtPoint } from '../run/run.js';
import type { Subject } from './subject.js';
import { verifyFor } from './verify.js';

/** A migration, and whom it runs for in one transaction. */
export interface SubjectsWork<T> {
  readonly migration: Migration;
  /** Whether what the migration says must hold is asked for. */
  readonly verified: boolean;
  readonly subjects: readonly Subject[];
  readonly budget: Budget;
  readonly at: AtPoint;
  readonly onDone: (done: number) => void;
  readonly end: MigrationEnd<T>;
}

/**
 * Characters of one text. A text is parsed whole before its first statement runs, and its parse trees stay in the server's
 * memory until its end: bounded, but by so much that a round trip is little beside what it asks for.
 */
export const TEXT_SIZE = 256 * 1024;

/** What stands before the statements of one of them is about that long, where it is told for each anew. */
const PROLOGUE_SIZE = 2000;

/**
 * Runs a migration for each, in order, in the open transaction. Those whose statements are alike share a text, since a run
 * over many tenants would wait for the network otherwise. What is built for each, and may ask the database as the ones before
 * left it, runs by itself; so does what is verified for each. Answers what was read at its end.
 */
export async function runSubjects<T>(session: Session, work: SubjectsWork<T>): Promise<T> {
  const { migration, verified, budget, at, onDone, end } = work;
  const isBuilt = migration.body.kind === 'dynamic';
  const texts = textsOf(work);
  let done = 0;
  for (const some of texts) {
    const before = done;
    // Whoever stops or dies at one of these points stops before all tenants of the text.
    for (const { name } of some) await at(`before statements:${name}`);
    if (isBuilt) for (const subject of some) await runFor(session, migration, subject, budget);
    else {
      const told = (more: number): void => onDone(before + more);
      const isLast = some === texts.at(-1) && !isVerified(work);
      const several = { migration, subjects: some, budget, onDone: told, end: isLast ? end : null };
      const ended = await runForAll(session, several);
      if (ended !== null) return ended.read;
    }
    if (verified) for (const subject of some) await verifyFor(session, migration, subject);
    done += some.length;
    if (isBuilt) onDone(done);
  }
  return runEnd(session, end);
}

const isVerified = ({ migration, verified }: SubjectsWork<unknown>): boolean =>
  verified && migration.verify !== undefined;

/** Those that share a text. Pure. */
function textsOf(work: SubjectsWork<unknown>): (readonly Subject[])[] {
  const { migration, subjects } = work;
  if (migration.body.kind === 'dynamic' || isVerified(work)) return subjects.map((one) => [one]);
  const atOnce = Math.max(1, Math.floor(TEXT_SIZE / sizeForOne(migration)));
  return Array.from({ length: Math.ceil(subjects.length / atOnce) }, (_, index) =>
    subjects.slice(index * atOnce, (index + 1) * atOnce),
  );
}

/** About how long a text is for one subject. */
export const sizeForOne = ({ body }: Migration): number =>
  body.kind === 'dynamic'
    ? PROLOGUE_SIZE
    : body.statements.reduce((sum, { sql }) => sum + sql.length, PROLOGUE_SIZE);
