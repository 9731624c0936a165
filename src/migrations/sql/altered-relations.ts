import type { Node } from 'libpg-query';
import type { MigrationBody } from '../migration.js';
import { canParse, parseSql } from './parse-sql.js';
import { collect, type Of } from './parse-tree.js';
import { impactOf } from './statement-impact.js';

/** What a veneer may show. */
const SHOWN = new Set(['OBJECT_TABLE', 'OBJECT_VIEW', 'OBJECT_MATVIEW', 'OBJECT_FOREIGN_TABLE']);

/** The parts of ALTER TABLE that change what a foreign table copies; all others are no reason to lock one. */
const COPIED = new Set([
  'AT_AddColumn',
  'AT_DropColumn',
  'AT_SetNotNull',
  'AT_DropNotNull',
  'AT_SetExpression',
  'AT_DropExpression',
]);

/** Without one of these words no statement makes, alters or drops anything, and a text with many rows need not be parsed again. */
const WORDS = /\b(?:create|alter|drop)\b/i;

/**
 * The names of relations that a migration alters or drops so that what is shown of them changes, each once, as far as its text
 * tells: as it writes them, without those that it qualifies or makes itself, and without those of which it changes a type: views
 * above them are locked before them, and which these are is not told here. None of a migration that is built for each tenant.
 */
export async function alteredRelations(body: MigrationBody): Promise<readonly string[]> {
  const statements = body.kind === 'dynamic' ? [] : body.statements;
  const altered = new Set<string>();
  const others = new Set<string>();
  // One after the other: a parse tree takes many times the memory of its text.
  for (const { sql } of statements) {
    for (const node of await nodesOf(sql)) {
      if ('CreateStmt' in node && !altered.has(made(node.CreateStmt))) others.add(made(node.CreateStmt));
      if (changesType(node)) for (const name of lockedBy(node)) others.add(name);
      for (const name of alteredBy(node)) altered.add(name);
    }
  }
  return [...altered].filter((name) => !others.has(name));
}

async function nodesOf(sql: string): Promise<readonly Node[]> {
  if (!WORDS.test(sql) || !canParse(sql)) return [];
  // What the parser does not understand tells nothing; PostgreSQL may.
  const parsed = await parseSql({ text: sql, file: '', line: null }).catch(() => []);
  return parsed.map(({ node }) => node);
}

const made = ({ relation }: Of<'CreateStmt'>): string => relation?.relname ?? '';

const alteredBy = (node: Node): string[] => (SHOWN.has(alteredKind(node) ?? '') ? lockedBy(node) : []);

const lockedBy = (node: Node): string[] =>
  impactOf(node).locks.flatMap(({ relation, mode }) =>
    mode === 'ACCESS EXCLUSIVE' && !relation.includes('.') ? [relation] : [],
  );

const partsOf = ({ cmds }: Of<'AlterTableStmt'>): string[] =>
  collect(cmds, 'subtype').map(({ subtype }) => String(subtype));

const changesType = (node: Node): boolean =>
  'AlterTableStmt' in node && partsOf(node.AlterTableStmt).includes('AT_AlterColumnType');

/** The kind of object of which a statement changes what is shown; of a column, what it is of. */
function alteredKind(node: Node): string | undefined {
  if ('AlterTableStmt' in node) {
    const isCopied = partsOf(node.AlterTableStmt).some((part) => COPIED.has(part));
    return isCopied ? node.AlterTableStmt.objtype : undefined;
  }
  if ('AlterObjectSchemaStmt' in node) return node.AlterObjectSchemaStmt.objectType;
  if ('DropStmt' in node) return node.DropStmt.removeType;
  if ('ViewStmt' in node) return 'OBJECT_VIEW';
  if (!('RenameStmt' in node)) return undefined;
  const { renameType, relationType } = node.RenameStmt;
  return renameType === 'OBJECT_COLUMN' ? relationType : renameType;
}
