import type { Node } from 'libpg-query';
import { constantsOf, knownSince } from './safe-default.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import { sqlParser } from '../../sql-parser.js';

/** A default or generated expression as a server deparsed it. */
export interface Expression {
  /** As pg_get_expr writes it under our pins. */
  readonly sql: string;
  /** The same for every way in which PostgreSQL 13–18 write the same expression: what is compared. */
  readonly key: string;
}

/** A default, and whether a veneer may evaluate it in the shard's place. */
export interface DefaultExpression extends Expression {
  /** The server_version_num from which on a veneer can evaluate it (0: every one); null: it is not to be copied. */
  readonly copiedSince: number | null;
  /** Values of the column's own type, where that is one of the shard's types: of an enum, its labels. */
  readonly constants?: readonly string[];
}

/** An expression with its parse tree; null where the parser does not know it. */
export interface ParsedExpression extends Expression {
  readonly tree: Node | null;
}

/**
 * Parses expressions that pg_get_expr wrote, each text once. One that this parser does not know, of a version newer
 * than ours, is compared by its text and never copied.
 */
export async function readExpressions(
  texts: Iterable<string | null>,
): Promise<ReadonlyMap<string, ParsedExpression>> {
  const expressions = new Map<string, ParsedExpression>();
  for (const sql of new Set(texts)) if (sql !== null) expressions.set(sql, await parsedOnce(sql));
  return expressions;
}

/** A run reads the same defaults in every step. Bounded, since a default of a type of its own is another text per tenant. */
const KEPT = 2_000;
const parsedBefore = new Map<string, ParsedExpression>();

async function parsedOnce(sql: string): Promise<ParsedExpression> {
  const known = parsedBefore.get(sql);
  if (known !== undefined) return known;
  const parse = await sqlParser();
  const tree = await parse(`SELECT ${sql}`).catch(() => null);
  const node = tree === null ? null : onlyTarget(tree.stmts?.[0]?.stmt);
  const parsed = { sql, key: node === null ? sql : keyOf(node), tree: node };
  if (parsedBefore.size >= KEPT) parsedBefore.clear();
  parsedBefore.set(sql, parsed);
  return parsed;
}

/** The expression as it is compared, without its tree. Pure. */
export const withoutTree = ({ sql, key }: ParsedExpression): Expression => ({ sql, key });

/** An expression as the default of a column; `own`: the column's type, where it is one of the server's own. Pure. */
export function asDefault(
  { sql, key, tree }: ParsedExpression,
  own: QualifiedName | null,
): DefaultExpression {
  if (tree === null) return { sql, key, copiedSince: null };
  const words = own === null ? null : [own.schema, own.name];
  const constants = words === null ? [] : constantsOf(tree, words);
  return { sql, key, copiedSince: knownSince(tree, words), ...(constants.length === 0 ? {} : { constants }) };
}

function onlyTarget(statement: Node | undefined): Node | null {
  if (statement === undefined || !('SelectStmt' in statement)) return null;
  const targets = statement.SelectStmt.targetList ?? [];
  const [target] = targets;
  return targets.length === 1 && target !== undefined && 'ResTarget' in target
    ? (target.ResTarget.val ?? null)
    : null;
}

function keyOf(node: Node): string {
  const tree = canonical(node);
  const key = JSON.stringify(tree);
  return key.includes(DATE_PART) ? JSON.stringify(withoutNumericCasts(tree)) : key;
}

const DATE_PART = JSON.stringify({ funcname: ['date_part'] }).slice(1, -1);

/**
 * EXTRACT is numeric since 14, and double precision before: what is computed with it gets other casts by each. Beside
 * one, casts to either are not compared.
 */
function withoutNumericCasts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNumericCasts);
  if (typeof value !== 'object' || value === null) return value;
  const cast = 'TypeCast' in value ? (value.TypeCast as CastTree) : undefined;
  if (cast !== undefined && NUMERIC_CASTS.has(cast.typeName?.names?.at(-1)?.String?.sval ?? ''))
    return withoutNumericCasts(cast.arg);
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, withoutNumericCasts(part)]));
}

interface CastTree {
  readonly arg?: unknown;
  readonly typeName?: { readonly names?: readonly { readonly String?: { readonly sval?: string } }[] };
}

const NUMERIC_CASTS: ReadonlySet<string> = new Set(['numeric', 'float8']);

/**
 * The tree without what differs between versions alone: places in the text, and whether a function was written as
 * SQL syntax (`a AT TIME ZONE b` since 14 is timezone(b, a); EXTRACT since 14 is a function of its own, and is read
 * by 13 as date_part).
 */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  if ('FuncCall' in value) return { FuncCall: canonicalCall(value.FuncCall as CallTree) };
  return withoutPlaces(value);
}

interface CallTree {
  readonly funcname?: readonly { readonly String?: { readonly sval?: string } }[];
  readonly args?: readonly unknown[];
}

function canonicalCall(call: CallTree): unknown {
  const names = (call.funcname ?? []).map((name) => name.String?.sval ?? '');
  const own = names[0] === 'pg_catalog' ? names.slice(1) : names;
  const isExtract = own.length === 1 && (own[0] === 'extract' || own[0] === 'date_part');
  const [field, ...rest] = call.args ?? [];
  return {
    ...withoutPlaces({ ...call, funcformat: undefined }),
    funcname: isExtract ? ['date_part'] : own,
    args: isExtract ? [withoutCast(field), ...rest].map(canonical) : canonical(call.args ?? []),
  };
}

/** `'year'::text` of date_part is the bare `'year'` of EXTRACT. */
const withoutCast = (node: unknown): unknown =>
  typeof node === 'object' && node !== null && 'TypeCast' in node
    ? (node.TypeCast as { readonly arg?: unknown }).arg
    : node;

const withoutPlaces = (value: object): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(value)
      .filter(([name, part]) => !PLACES.has(name) && part !== undefined)
      .map(([name, part]) => [name, canonical(part)]),
  );

/** Offsets into the text (src/include/nodes/parsenodes.h: ParseLoc). */
const PLACES: ReadonlySet<string> = new Set(['location', 'rexpr_list_start', 'rexpr_list_end', 'list_start', 'list_end']); // prettier-ignore

const COLUMN_REF = /\{"ColumnRef":\{"fields":\[\{"String":\{"sval":("(?:[^"\\]|\\.)*")\}\}\]\}\}/g;

/** The columns of its own table that an expression names. Pure. */
export const columnsIn = ({ key }: Expression): ReadonlySet<string> =>
  new Set([...key.matchAll(COLUMN_REF)].map(([, name = '""']) => String(JSON.parse(name))));

/** The key of an expression after its columns were renamed: RENAME COLUMN changes it by itself. Pure. */
export const keyAfterRenames = ({ key }: Expression, renames: ReadonlyMap<string, string>): string =>
  key.replace(COLUMN_REF, (all, name: string) => {
    const renamed = renames.get(String(JSON.parse(name)));
    return renamed === undefined ? all : all.replace(name, () => JSON.stringify(renamed));
  });
