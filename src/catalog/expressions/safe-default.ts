import type { FuncCall, Node, TypeName } from 'libpg-query';

/** A type as a parse tree names it: with its schema, or without. */
export type TypeWords = readonly string[];

/**
 * The server_version_num from which on a veneer may evaluate this default in the shard's place (0: every supported
 * one); null where it may not. An allowlist over the parse tree of what pg_get_expr wrote under search_path
 * pg_catalog, where a name without a schema is one of pg_catalog:
 *
 * - constants, also negative, in ARRAY[…], and cast to a type of pg_catalog, or to `own`: the column's own type,
 *   which the veneer has, too, with the same labels and checks;
 * - the time of the transaction, the statement or the clock, also cast, moved by an interval, AT TIME ZONE a
 *   constant: what depends on the session's TimeZone there depends on the application's session on one server too;
 * - random uuids.
 *
 * Not current_user and its kind: behind the veneer that is the mapping's user, on the veneer the role. Not nextval.
 * Pure.
 */
export function knownSince(node: Node, own: TypeWords | null): number | null {
  // A default of NULL is none: nothing is to be copied.
  if ('A_Const' in node) return node.A_Const.isnull === true ? null : 0;
  if ('SQLValueFunction' in node) return TIMES.has(String(node.SQLValueFunction.op)) ? 0 : null;
  if ('TypeCast' in node) {
    const { arg, typeName } = node.TypeCast;
    const isKnown = isPlainType(typeName) || (own !== null && isNamed(typeName, own));
    return arg !== undefined && isKnown ? knownSince(arg, own) : null;
  }
  if ('A_ArrayExpr' in node) return allSince(node.A_ArrayExpr.elements ?? [], own);
  if ('A_Expr' in node) {
    const { kind, name = [], lexpr, rexpr } = node.A_Expr;
    if (kind !== 'AEXPR_OP' || !OPERATORS.has(namesOf(name).join('.')) || rexpr === undefined) return null;
    return allSince(lexpr === undefined ? [rexpr] : [lexpr, rexpr], own);
  }
  return 'FuncCall' in node ? callSince(node.FuncCall, own) : null;
}

/** The constants in a default that are values of the column's own type: of an enum, its labels. Pure. */
export function constantsOf(node: Node, own: TypeWords): string[] {
  if ('A_ArrayExpr' in node) return (node.A_ArrayExpr.elements ?? []).flatMap((one) => constantsOf(one, own));
  if (!('TypeCast' in node)) return [];
  const { arg, typeName } = node.TypeCast;
  if (arg === undefined || !('A_Const' in arg)) return arg === undefined ? [] : constantsOf(arg, own);
  return isNamed(typeName, own) ? [arg.A_Const.sval?.sval ?? ''] : [];
}

function callSince(call: FuncCall, own: TypeWords | null): number | null {
  const names = namesOf(call.funcname ?? []);
  const name = names[0] === 'pg_catalog' ? names.slice(1).join('.') : names.join('.');
  const args = call.args ?? [];
  if (name === 'timezone') return args.length === 2 ? allSince(args, own) : null;
  return args.length === 0 ? (FUNCTIONS.get(name) ?? null) : null;
}

/** The latest of the versions that the parts need; null where one of them is not to be copied. */
function allSince(parts: readonly Node[], own: TypeWords | null): number | null {
  const since = parts.map((part) => knownSince(part, own));
  return since.includes(null) ? null : Math.max(0, ...since.map(Number));
}

/** Functions of pg_catalog without arguments, with the version that brought them. */
const FUNCTIONS: ReadonlyMap<string, number> = new Map([
  ['now', 0],
  ['transaction_timestamp', 0],
  ['statement_timestamp', 0],
  ['clock_timestamp', 0],
  ['gen_random_uuid', 0], // in pg_catalog since 13
  ['uuidv4', 180_000],
  ['uuidv7', 180_000],
]);

const OPERATORS: ReadonlySet<string> = new Set(['+', '-']);

const TIMES: ReadonlySet<string> = new Set([
  'SVFOP_CURRENT_DATE',
  'SVFOP_CURRENT_TIME',
  'SVFOP_CURRENT_TIME_N',
  'SVFOP_CURRENT_TIMESTAMP',
  'SVFOP_CURRENT_TIMESTAMP_N',
  'SVFOP_LOCALTIME',
  'SVFOP_LOCALTIME_N',
  'SVFOP_LOCALTIMESTAMP',
  'SVFOP_LOCALTIMESTAMP_N',
]);

/** Types whose text means something only on its own server: names of objects and roles, or an lc_monetary. */
const LOCAL_TYPES = /^(reg\w+|oid|aclitem|money)$/;

/** Is it a type of pg_catalog, whose constants mean the same everywhere? */
function isPlainType(type: TypeName | undefined): boolean {
  const names = namesOf(type?.names ?? []);
  if (names.length === 0 || names.length > 2) return false;
  if (names.length === 2 && names[0] !== 'pg_catalog') return false;
  return !LOCAL_TYPES.test(names.at(-1) ?? '');
}

const isNamed = (type: TypeName | undefined, words: TypeWords): boolean => {
  const names = namesOf(type?.names ?? []);
  return names.length === words.length && names.every((name, index) => name === words[index]);
};

const namesOf = (nodes: readonly Node[]): string[] =>
  nodes.map((node) => ('String' in node ? (node.String.sval ?? '') : '?'));
