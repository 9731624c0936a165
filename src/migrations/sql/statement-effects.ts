import type { Node } from 'libpg-query';
import { UNKNOWN, type StatementImpact } from './lock-modes.js';
import { canParse, parseSql } from './parse-sql.js';
import { impactOf } from './statement-impact.js';
import { writesIn, type StatementWrites } from './statement-writes.js';

/** What one statement does to those who use its tables, as far as its text tells. */
export interface StatementEffects extends StatementImpact {
  /** What INSERTs through a veneer will suffer of it. */
  readonly writes: readonly StatementWrites[];
}

/** By the parse tree; what has none, being too large, is unknown. Pure but for the parser. */
export async function effectsOf(sql: string): Promise<StatementEffects> {
  const node = await nodeOf(sql);
  return node === null ? { ...UNKNOWN, writes: [] } : effectsOfNode(node);
}

/** The same of a parse tree. Pure. */
export const effectsOfNode = (node: Node): StatementEffects => ({
  ...impactOf(node),
  writes: writesIn(node),
});

/** The parse tree of a single statement; null where it is too large to be parsed, or none. */
export async function nodeOf(sql: string): Promise<Node | null> {
  const parsed = canParse(sql) ? await parseSql({ text: sql, file: '', line: null }) : [];
  const [only] = parsed;
  return only !== undefined && parsed.length === 1 ? only.node : null;
}
