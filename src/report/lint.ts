import type { Scope, TransactionUse } from '../migrations/migration.js';
import type { PlanStatement } from './plan.js';
import type { ReportBase } from './report-base.js';

/** What makes the exit code 20, the least of it; what does not load does so always. */
export const LINT_LEVELS = ['error', 'warning', 'unknown'] as const;

export type LintLevel = (typeof LINT_LEVELS)[number];

export interface LintReport extends ReportBase {
  readonly command: 'lint';
  /** Those that load, of the selected ones, in their order. What does not is a problem. */
  readonly migrations: readonly LintMigration[];
  /** In the order of migrations and statements. */
  readonly findings: readonly LintFinding[];
}

export interface LintMigration {
  readonly migration: string;
  readonly scope: Scope;
  readonly file: string;
  readonly transaction: TransactionUse;
  /** As plan has them; null: it asks the database, and is built when it runs. */
  readonly statements: readonly PlanStatement[] | null;
}

/** Something about a migration that may run. */
export interface LintFinding extends LintAdvice {
  readonly migration: string;
  readonly file: string;
  /** Null where a builder made the statement, or all of the file is meant. */
  readonly line: number | null;
  /** The statement; null: all of the migration. */
  readonly sql: string | null;
}

export interface LintAdvice {
  /** `unknown`: whether there is anything to suffer, only a database tells. `note`: worth knowing, and never a failure. */
  readonly level: 'warning' | 'unknown' | 'note';
  readonly rule: LintRule;
  /** What it does, one sentence without its subject. */
  readonly text: string;
  /** What users of the tables suffer from it, behind a veneer. */
  readonly why: string;
  /** What to write instead; null: nothing better is known. */
  readonly instead: string | null;
}

export const LINT_RULES = [
  'data',
  'rewrite',
  'scan',
  'lock held',
  'rename',
  'required column',
  'writes',
  'cascade',
  'unseen',
  'order',
  'no way down',
  'notice',
] as const;

export type LintRule = (typeof LINT_RULES)[number];
