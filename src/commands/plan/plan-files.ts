import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { statementText } from '../../migrations/sql/statement-text.js';
import { limitText } from '../../report/writes.js';
import type { PlanMigration, PlanShard, PlanStatement } from '../../report/plan.js';

/** Writes what would run, a file for each migration, for people to review. Throws (exit 20) before it overwrites any. */
export async function writePlanFiles(
  folder: string,
  migrations: readonly PlanMigration[],
  shards: readonly PlanShard[],
): Promise<string[]> {
  const files: string[] = [];
  for (const [index, migration] of migrations.entries()) {
    const number = String(index + 1).padStart(String(migrations.length).length, '0');
    const file = path.join(folder, `${number}-${migration.migration.replaceAll(/[^\w.-]+/g, '-')}.sql`);
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(file, textFor(migration, shards), { flag: 'wx' });
    } catch (error) {
      throw new VeneerError(`the plan cannot be written: ${textOf(error)}`, {
        exitCode: EXIT.failed,
        where: { file },
        hint: 'name a folder that is new or empty; nothing was overwritten',
        cause: error,
      });
    }
    files.push(file);
  }
  return files;
}

function textFor(migration: PlanMigration, shards: readonly PlanShard[]): string {
  const runs = shards.flatMap(({ shard, steps }) =>
    steps
      .filter((step) => step.migration === migration.migration)
      .map(
        ({ tenants }) =>
          `--   ${shard}${tenants.length === 0 ? '' : `: ${tenants.map(inComment).join(', ')}`}`,
      ),
  );
  const head = [
    `-- ${migration.file}, for each ${migration.scope} of:`,
    ...runs,
    '-- For review. migrate up runs it, records it, and changes the veneers in the same step.',
  ];
  const body =
    migration.statements === null
      ? ['-- It asks the database, and is built when it runs.']
      : migration.statements.flatMap((statement) => [
          '',
          ...remarks(statement),
          statementText(statement.sql),
        ]);
  return `${[...head, ...body].join('\n')}\n`;
}

/** A name may hold a line break, which would end the comment. */
const inComment = (name: string): string => name.replaceAll(/[\r\n]/g, ' ');

const remarks = ({ locks, others, rewrites, writes }: PlanStatement): string[] => [
  ...locks.map(({ relation, mode }) => `-- locks ${inComment(relation)}: ${mode}`),
  ...(others === 'unknown' ? ['-- may lock more'] : []),
  ...(rewrites === 'no' ? [] : [rewrites === 'yes' ? '-- rewrites' : '-- may rewrite']),
  ...writes.map(({ relation, ...limit }) =>
    inComment(`-- INSERTs into ${relation} through the veneer: ${limitText(limit)}`),
  ),
];
