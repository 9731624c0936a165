import type { Node } from 'libpg-query';
import type { StatementEffect, WrittenName } from '../migration.js';
import { refusalOutsideStep, type Refusal } from './standalone-refusals.js';

export type Verdict = { readonly effect: StatementEffect } | { readonly refusal: Refusal };

/**
 * May this statement run by itself, outside of a step's transaction? Only what can change no definition and no data
 * may, and only in the form that blocks nobody: what no transaction holds together no budget can bound either. By
 * the parse tree; whatever is not known to be harmless is refused. Pure.
 */
export function judgeStandalone(node: Node): Verdict {
  const effect = effectOf(node);
  return effect === null ? { refusal: refusalOutsideStep(node) } : { effect };
}

function effectOf(node: Node): StatementEffect | null {
  if ('IndexStmt' in node) return createsIndex(node.IndexStmt);
  if ('DropStmt' in node) return dropsIndex(node.DropStmt);
  if ('ReindexStmt' in node) return rebuilds(node.ReindexStmt);
  if ('SelectStmt' in node) return writes(node) ? null : { kind: 'reads' };
  return isRepeatable(node) ? { kind: 'repeatable' } : null;
}

type Of<K extends string> = Extract<Node, Readonly<Record<K, unknown>>>[K &
  keyof Extract<Node, Readonly<Record<K, unknown>>>];

function createsIndex({
  concurrent,
  idxname,
  relation,
  if_not_exists,
}: Of<'IndexStmt'>): StatementEffect | null {
  if (concurrent !== true || idxname === undefined || relation === undefined) return null;
  return {
    kind: 'creates index',
    index: idxname,
    table: nameOf(relation),
    ifNotExists: if_not_exists === true,
  };
}

function dropsIndex({
  removeType,
  concurrent,
  objects = [],
  missing_ok,
}: Of<'DropStmt'>): StatementEffect | null {
  const [object, ...others] = objects;
  if (removeType !== 'OBJECT_INDEX' || concurrent !== true || others.length > 0) return null;
  const parts = object !== undefined && 'List' in object ? (object.List.items ?? []) : [];
  const words = parts.flatMap((part) => ('String' in part ? (part.String.sval ?? '') : []));
  const name = words.at(-1);
  if (name === undefined) return null;
  return {
    kind: 'drops index',
    index: { schema: words.at(-2) ?? null, name },
    ifExists: missing_ok === true,
  };
}

function rebuilds({ kind, relation, params }: Of<'ReindexStmt'>): StatementEffect | null {
  if (relation === undefined || !isGiven(params, 'concurrently')) return null;
  return {
    kind: 'rebuilds',
    what: kind === 'REINDEX_OBJECT_INDEX' ? 'index' : 'table',
    relation: nameOf(relation),
  };
}

const nameOf = ({ schemaname, relname = '' }: Of<'RangeVar'>): WrittenName => ({
  schema: schemaname ?? null,
  name: relname,
});

/** Queries that write, by SELECT … INTO or in a WITH; what a function does, the server refuses by itself. */
const WRITING = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'intoClause']);

function writes(tree: unknown): boolean {
  if (typeof tree !== 'object' || tree === null) return false;
  return Object.entries(tree).some(([key, value]) => WRITING.has(key) || writes(value));
}

function isRepeatable(node: Node): boolean {
  if ('VacuumStmt' in node) return goesOverTables(node.VacuumStmt);
  if ('AlterTableStmt' in node) return validates(node.AlterTableStmt);
  return 'VariableSetStmt' in node && setsForSession(node.VariableSetStmt);
}

/** VACUUM or ANALYZE of tables that it names. */
const goesOverTables = ({ options, rels = [] }: Of<'VacuumStmt'>): boolean =>
  rels.length > 0 &&
  !(options ?? []).some((option) => 'DefElem' in option && option.DefElem.defname === 'full');

const validates = ({ cmds = [] }: Of<'AlterTableStmt'>): boolean =>
  cmds.length > 0 &&
  cmds.every((cmd) => 'AlterTableCmd' in cmd && cmd.AlterTableCmd.subtype === 'AT_ValidateConstraint');

const setsForSession = ({ kind = 'VAR_SET_MULTI', name, is_local }: Of<'VariableSetStmt'>): boolean =>
  ['VAR_SET_VALUE', 'VAR_SET_DEFAULT', 'VAR_RESET'].includes(kind) &&
  is_local !== true &&
  name?.toLowerCase() !== 'search_path';

/** An option that is given and has no argument, which could switch it off. */
const isGiven = (options: readonly Node[] | undefined, name: string): boolean =>
  (options ?? []).some(
    (option) => 'DefElem' in option && option.DefElem.defname === name && option.DefElem.arg === undefined,
  );
