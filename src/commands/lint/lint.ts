import path from 'node:path';
import type { MigrationsFolder } from '../../config/load/load-folder.js';
import type { Problem } from '../../errors.js';
import { oddOrder } from '../../migrations/files/date-order.js';
import { findMigrationFiles, type FoundFiles } from '../../migrations/files/migration-files.js';
import { withBases } from '../../migrations/load/bases.js';
import { readMigrations } from '../../migrations/load/load.js';
import { readDowns } from '../../migrations/load/load-down.js';
import { isRepeatable } from '../../migrations/migration-names.js';
import { labelOf } from '../../migrations/migration.js';
import type { LintLevel, LintReport } from '../../report/lint.js';
import { lintMigration } from './lint-migration.js';
import { foldLint, oddOrderFinding, withoutWayDown } from './lint-report.js';
import { selectedFiles, type NamedFile } from './selected-files.js';

export interface LintOptions {
  /** As typed; none: all. */
  readonly names: readonly string[];
  /** The least that makes the exit code 20. */
  readonly failOn: LintLevel;
  /** The command with its names and flags, to be typed again. */
  readonly typed: string;
}

/**
 * Looks at the files of migrations, and at nothing else: no database is asked. What `up` or `down` would refuse is a problem;
 * what users of the tables suffer is a finding, by PostgreSQL's own parse tree. Throws (exit 64) for a name that means no file,
 * (exit 20) where the folder cannot be read.
 */
export async function lint(
  { fleet, file, migrations: dir, hasVeneers }: MigrationsFolder,
  { names, failOn, typed }: LintOptions,
  cwd: string,
): Promise<LintReport> {
  const projectRoot = path.dirname(file);
  const found = await findMigrationFiles(dir, projectRoot);
  const { migrations, problems } = await readMigrations(dir, { projectRoot });
  const wanted = migrations.filter(({ name }) => !isRepeatable(name));
  const downs = await readDowns(dir, { projectRoot, wanted });
  const all = each([...problems, ...downs.problems]);
  const isMeant = selectedFiles(names, namedFiles(found, all), { cwd, projectRoot });
  const linted = await Promise.all(
    withBases(migrations)
      .filter((one) => isMeant(one.file))
      .map((one) => lintMigration(one, hasVeneers)),
  );
  const told = all.filter(({ where }) => isMeant(where?.file));
  return foldLint({
    fleet,
    migrations: linted.map(({ migration }) => migration),
    findings: [
      ...oddOrder(found.files).map(oddOrderFinding),
      ...linted.flatMap(({ findings }) => findings),
      ...downs.irreversible.map(withoutWayDown),
    ].filter((finding) => isMeant(finding.file)),
    problems: told,
    leftOut: all.length - told.length,
    failOn,
    typed,
  });
}

/** A script that cannot be loaded is told by both of its directions. */
const each = (problems: readonly Problem[]): Problem[] => [
  ...new Map(problems.map((one) => [JSON.stringify([one.message, one.where]), one])).values(),
];

/** Also what is no migration and has a problem all the same: a folder, a part without the other. */
const namedFiles = ({ files, bases }: FoundFiles, problems: readonly Problem[]): NamedFile[] => [
  ...[...files, ...bases].map((one) => ({ file: one.file, label: labelOf(one) })),
  ...problems.flatMap(({ where }) => (where?.file === undefined ? [] : [{ file: where.file, label: null }])),
];
