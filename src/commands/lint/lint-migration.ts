import { basedOn } from '../../migrations/migration-names.js';
import type { Migration, Statement } from '../../migrations/migration.js';
import { labelOf } from '../../migrations/migration.js';
import { strongest, UNKNOWN, type LockMode } from '../../migrations/sql/lock-modes.js';
import { madeBy } from '../../migrations/sql/statement-changes.js';
import { effectsOfNode, nodeOf } from '../../migrations/sql/statement-effects.js';
import { adviceFor, type SeenStatement } from '../../report/lint/lint-statement.js';
import type { LintAdvice, LintFinding, LintMigration } from '../../report/lint.js';
import type { PlanStatement } from '../../report/plan.js';

/** A migration that loads, as it is told, and all that there is to say about it. */
export interface LintedMigration {
  readonly migration: LintMigration;
  readonly findings: readonly LintFinding[];
}

/** Looks at one statement after the other: what one makes, and locks, counts for those behind it. `veneers`: is there any? */
export async function lintMigration(migration: Migration, veneers: boolean): Promise<LintedMigration> {
  const { scope, file, transaction, body, notices } = migration;
  const label = labelOf(migration);
  const about = (advice: LintAdvice, statement: Statement | null): LintFinding => ({
    ...advice,
    migration: label,
    file,
    line: statement?.line ?? null,
    sql: statement?.sql ?? null,
  });
  const told = notices.map((text) => about(noticed(text), null));
  const head = { migration: label, scope, file, transaction };
  if (body.kind === 'dynamic')
    return { migration: { ...head, statements: null }, findings: [...told, about(DYNAMIC, null)] };
  const { statements, advice } = await lintStatements(migration, body.statements, veneers);
  // What a base changes belongs to a tenant that has nothing yet, and is used by nobody.
  const suffered = basedOn(migration.name) === null ? advice : [];
  return {
    migration: { ...head, statements },
    findings: [...told, ...suffered.map(([one, statement]) => about(one, statement))],
  };
}

type Advised = readonly [advice: LintAdvice, statement: Statement];

async function lintStatements(
  { scope, transaction }: Migration,
  all: readonly Statement[],
  veneers: boolean,
): Promise<{ readonly statements: readonly PlanStatement[]; readonly advice: readonly Advised[] }> {
  const [statements, advice]: [PlanStatement[], Advised[]] = [[], []];
  const made = new Set<string>();
  const perhapsMade = new Set<string>();
  let held: ReadonlyMap<string, LockMode> = new Map();
  for (const statement of all) {
    const { sql, line } = statement;
    const node = await nodeOf(sql);
    if (node === null) {
      statements.push({ sql, line, ...UNKNOWN, writes: [] });
      advice.push([TOO_LARGE, statement]);
      continue;
    }
    const effects = effectsOfNode(node);
    statements.push({ sql, line, ...effects });
    // A backfill goes through its rows in batches, each with a transaction of its own.
    if (statement.effect?.kind !== 'fills')
      for (const one of advise({ node, effects, scope, veneers, made, held }, perhapsMade))
        advice.push([one, statement]);
    for (const { relation, sure } of madeBy(node)) (sure ? made : perhapsMade).add(relation);
    if (transaction === 'step') held = together(held, effects.locks);
  }
  return { statements, advice };
}

/** Whether somebody suffers where CREATE TABLE IF NOT EXISTS may have made the table, only a database tells. */
function advise(seen: SeenStatement, perhapsMade: ReadonlySet<string>): LintAdvice[] {
  const advice = adviceFor(seen);
  if (perhapsMade.size === 0) return advice;
  const made = new Set([...seen.made, ...perhapsMade]);
  const sure = new Set(adviceFor({ ...seen, made }).map(({ text }) => text));
  return advice.map((one) => (sure.has(one.text) ? one : { ...one, level: 'unknown' }));
}

const together = (
  held: ReadonlyMap<string, LockMode>,
  locks: PlanStatement['locks'],
): ReadonlyMap<string, LockMode> =>
  new Map(
    strongest([...[...held].map(([relation, mode]) => ({ relation, mode })), ...locks]).map(
      ({ relation, mode }) => [relation, mode],
    ),
  );

const DYNAMIC: LintAdvice = {
  level: 'unknown',
  rule: 'unseen',
  text: 'asks the database, or for whom it runs: what it does is known only when it runs',
  why: 'its locks, rewrites and losses cannot be told before',
  instead: 'migrate rehearse runs it for real, and rolls it back',
};

const TOO_LARGE: LintAdvice = {
  level: 'unknown',
  rule: 'unseen',
  text: 'is larger than 2 MB, and was not parsed',
  why: 'its locks, rewrites and losses cannot be told before',
  instead: 'several migrations, or a backfill',
};

const noticed = (text: string): LintAdvice => ({
  level: 'note',
  rule: 'notice',
  text,
  why: 'up says so as well',
  instead: null,
});
