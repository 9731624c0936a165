import { labelOf, type Migration, type Statement } from '../migration.js';
import { canParse, parseSql } from './parse-sql.js';
import { lossesOfNode, lossText } from './statement-losses.js';

/**
 * What data is lost when these run, a sentence for each, by the parse tree. What cannot be seen there (functions that are
 * called, DO, a migration that is built only when it runs) may lose data, and is said so; never is it taken to be harmless.
 */
export async function lossesOf(migrations: readonly Migration[]): Promise<string[]> {
  const losses = await Promise.all(
    migrations.map(async (migration) => {
      const sentences = await lossesOfOne(migration);
      return [...new Set(sentences)].map((sentence) => `${labelOf(migration)} ${sentence}`);
    }),
  );
  return losses.flat();
}

async function lossesOfOne({ body, file }: Migration): Promise<string[]> {
  if (body.kind === 'dynamic') return ['may lose data: what it does is known only when it runs'];
  const losses = await Promise.all(body.statements.map((statement) => lossesOfStatement(statement, file)));
  return losses.flat();
}

async function lossesOfStatement({ sql }: Statement, file: string): Promise<string[]> {
  if (!canParse(sql)) return ['may lose data: it is too large to be read beforehand'];
  const parsed = await parseSql({ text: sql, file, line: null });
  return parsed.flatMap(
    ({ node }) => lossesOfNode(node)?.map(lossText) ?? `may lose data: ${shortened(sql)}`,
  );
}

function shortened(sql: string): string {
  const line = Array.from(sql.replaceAll(/\s+/g, ' ').trim());
  return line.length > 60 ? `${line.slice(0, 60).join('')}…` : line.join('');
}
