import type { Node } from 'libpg-query';
import type { QualifiedName } from '../../postgres/identifiers.js';
import { sqlParser } from '../../sql-parser.js';

/** A column of a branch as it is selected. */
export interface BranchColumn {
  readonly name: string;
  /** Cast to text. */
  readonly asText: boolean;
}

/** What a view over all tenants selects of one of them. */
export interface Branch {
  readonly tenant: string;
  readonly table: QualifiedName;
  readonly columns: readonly BranchColumn[];
}

/** All of the view, in the order of its text. */
export type UnionQuery = readonly Branch[];

/** Between two branches, as PostgreSQL deparses it. A name that holds it makes its chunk unreadable, not misread. */
const BETWEEN = /\nUNION ALL\n/;

/**
 * The branches of a view's query as pg_get_viewdef gives it; null where it is anything but what `unionQuery` writes.
 * Branch by branch: 2,000 of them, nested as PostgreSQL nests them, would be too deep for a parser.
 */
export async function parseUnion(definition: string): Promise<UnionQuery | null> {
  const parse = await sqlParser();
  const branches: Branch[] = [];
  for (const text of definition.trim().replace(/;$/, '').split(BETWEEN)) {
    const tree = await parse(text).catch(() => null);
    const [only, second] = tree?.stmts ?? [];
    const branch = second === undefined && only?.stmt !== undefined ? branchOf(only.stmt) : null;
    if (branch === null) return null;
    branches.push(branch);
  }
  return branches;
}

type Fields = Readonly<Record<string, unknown>>;

/** What a plain SELECT of columns from one table holds; anything else in it, a WHERE say, is somebody's change. */
const PLAIN: readonly string[] = ['targetList', 'fromClause', 'limitOption', 'op'];

function branchOf(node: Node): Branch | null {
  const select = inner(node, 'SelectStmt');
  if (select === null || Object.keys(select).some((key) => !PLAIN.includes(key))) return null;
  const [table, join] = listOf(select['fromClause']).map(tableOf);
  const [first, ...rest] = listOf(select['targetList']).map(targetOf);
  if (table === undefined || table === null || join !== undefined) return null;
  if (first?.kind !== 'text' || first.name !== 'tenant') return null;
  const columns = rest.flatMap((one) =>
    one?.kind === 'column' && one.name === one.as ? [{ name: one.name, asText: one.asText }] : [],
  );
  return columns.length === rest.length ? { tenant: first.value, table, columns } : null;
}

function tableOf(node: unknown): QualifiedName | null {
  const range = inner(node, 'RangeVar');
  const { schemaname: schema, relname: name } = range ?? {};
  return typeof schema === 'string' && typeof name === 'string' && range?.['inh'] === true
    ? { schema, name }
    : null;
}

type Target =
  | { readonly kind: 'text'; readonly name: string; readonly value: string }
  | { readonly kind: 'column'; readonly name: string; readonly as: string; readonly asText: boolean };

function targetOf(node: unknown): Target | null {
  const target = inner(node, 'ResTarget');
  const cast = inner(target?.['val'], 'TypeCast');
  if (cast !== null && !isText(cast['typeName'])) return null;
  const value = cast === null ? target?.['val'] : cast['arg'];
  const alias = target?.['name'];
  const constant = inner(value, 'A_Const');
  if (constant !== null) {
    const text = (constant['sval'] as Fields | undefined)?.['sval'] ?? '';
    return typeof text === 'string' && 'sval' in constant && typeof alias === 'string'
      ? { kind: 'text', name: alias, value: text }
      : null;
  }
  const name = listOf(inner(value, 'ColumnRef')?.['fields'])
    .map((field) => inner(field, 'String')?.['sval'])
    .at(-1);
  if (typeof name !== 'string') return null;
  return { kind: 'column', name, as: typeof alias === 'string' ? alias : name, asText: cast !== null };
}

const isText = (typeName: unknown): boolean => {
  const names = listOf((typeName as Fields | undefined)?.['names']).map(
    (one) => inner(one, 'String')?.['sval'],
  );
  return names.at(-1) === 'text' && (names.length === 1 || names[0] === 'pg_catalog');
};

/** The fields of a node of this kind, else null. */
function inner(node: unknown, kind: string): Fields | null {
  const fields = typeof node === 'object' && node !== null ? (node as Fields)[kind] : undefined;
  return typeof fields === 'object' && fields !== null ? (fields as Fields) : null;
}

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
