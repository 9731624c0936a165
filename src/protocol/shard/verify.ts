import { EXIT, VeneerError } from '../../errors.js';
import { labelOf, type Migration, type Statement } from '../../migrations/migration.js';
import type { Answer, Session } from '../../postgres/session.js';
import { explain, SEPARATOR } from './explain-failure.js';
import { statementsOf, surroundings } from './run-tenant.js';
import type { Subject } from './subject.js';

const ROLLBACK = 'ROLLBACK TO SAVEPOINT pgveneer_verify; RELEASE SAVEPOINT pgveneer_verify';

/**
 * Runs what a migration says must hold, for one tenant (or shard), behind its statements in the same open transaction. A query holds
 * when it returns a row, and the first column of every row is neither false nor null; any other statement when it raises
 * no error. Deferred constraints are checked first. Whatever these statements do is undone, so that a sample row may be
 * inserted to see what comes of it. Throws a VeneerError with tenant, file and line where one does not hold.
 */
export async function verifyFor(session: Session, migration: Migration, subject: Subject): Promise<void> {
  const { verify } = migration;
  if (verify === undefined) return;
  const prologue = [
    'SAVEPOINT pgveneer_verify',
    'SET CONSTRAINTS ALL IMMEDIATE',
    'RESET SESSION AUTHORIZATION',
    'RESET ROLE',
    ...surroundings(subject),
  ];
  let statements: readonly Statement[] = [];
  try {
    await session.run(prologue.join('; '));
    statements = await statementsOf(session, verify, subject);
    const answers =
      statements.length === 0 ? [] : await session.ask(statements.map(({ sql }) => sql).join(SEPARATOR));
    for (const [index, statement] of statements.entries()) {
      const why = brokenBy(answers[index]);
      if (why !== null) throw doesNotHold({ why, statement, migration, subject, member: session.member });
    }
  } catch (error) {
    throw explain(error, migration, [{ tenant: subject.tenant, prologue: [], statements }]);
  }
  await session.run(ROLLBACK);
}

/** Why what a statement answered does not hold; null where it does. */
function brokenBy(answer: Answer | undefined): string | null {
  if (answer === undefined || !isQuery(answer)) return null;
  if (answer.rows.length === 0) return 'it returned no row';
  const bad = answer.rows.findIndex(([first]) => first === false || first === null);
  if (bad < 0) return null;
  const which = answer.rows.length === 1 ? '' : ` in row ${bad + 1} of ${answer.rows.length}`;
  return `its first column is ${answer.rows[bad]?.[0] === null ? 'null' : 'false'}${which}`;
}

/** CREATE TABLE … AS answers SELECT as well, and says how many rows it wrote, but has none. */
const isQuery = ({ command, columns, count, rows }: Answer): boolean =>
  command === 'SELECT' && (columns > 0 || count === rows.length);

interface Broken {
  readonly why: string;
  readonly statement: Statement;
  readonly migration: Migration;
  readonly subject: Subject;
  readonly member: string;
}

const doesNotHold = ({ why, statement, migration, subject, member }: Broken): VeneerError =>
  new VeneerError(`the migration's verify part does not hold: ${why}`, {
    exitCode: EXIT.failed,
    where: {
      member,
      ...(subject.tenant === null ? {} : { tenant: subject.tenant }),
      migration: labelOf(migration),
      file: migration.file,
      ...(statement.line === null ? {} : { line: statement.line, column: statement.column ?? 1 }),
    },
    detail: `statement: ${statement.sql.replaceAll(/\s+/g, ' ').slice(0, 160)}`,
    hint: 'the step was rolled back; mend the data there, or the migration',
  });
