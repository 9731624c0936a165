import type { BranchColumn, UnionQuery } from '../catalog/unions/union-query.js';
import type { ForeignColumn, ForeignTable } from '../catalog/relations/relation.js';
import type { PresentUnion, ShownTable } from '../catalog/unions/read-unions.js';
import { groupBy } from '../group-by.js';
import {
  compareNames,
  ident,
  literal,
  nameKey,
  qualified,
  type QualifiedName,
} from '../postgres/identifiers.js';
import { isShownAs, shownAs, type Exposure } from './exposure/exposure.js';

/** A view over all tenants, by the rules: which foreign tables are its branches. */
export interface WantedUnion {
  readonly name: QualifiedName;
  /** In the order of tenants, then of tables. */
  readonly branches: readonly { readonly tenant: string; readonly table: QualifiedName }[];
}

/** The views over all tenants that a veneer is to have of the foreign tables that it has. Pure. */
export function wantedUnions(exposures: readonly Exposure[], tables: readonly ShownTable[]): WantedUnion[] {
  const byServer = new Map(exposures.map((exposure) => [exposure.server, exposure]));
  const branches = tables.flatMap(({ table, remote, server }) => {
    const exposure = byServer.get(server);
    const shown = exposure === undefined ? null : shownAs(exposure, remote);
    if (shown === null || shown.union === null || shown.tenant === null || !isShownAs(shown, table))
      return [];
    return [{ union: shown.union, tenant: shown.tenant.name, table }];
  });
  return [...groupBy(branches, ({ union }) => nameKey(union)).values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const sorted = own.toSorted(
      (a, b) => Number(a.tenant > b.tenant) - Number(a.tenant < b.tenant) || compareNames(a.table, b.table),
    );
    return [{ name: first.union, branches: sorted.map(({ tenant, table }) => ({ tenant, table })) }];
  });
}

/** The query of a view over all tenants, and its columns with their types; a type is null where PostgreSQL decides. */
export interface UnionShape {
  readonly query: UnionQuery;
  readonly columns: readonly { readonly name: string; readonly type: string | null }[];
}

/** Says whose a row is; a column of that name in a branch is not shown. */
const TENANT_COLUMN = 'tenant';

/**
 * What the view shows: the columns that every branch has, by name. While a migration goes from shard to shard, a new
 * column comes with the last of them, and one that is dropped goes with the first: a reader gets no row without a value
 * that others have. A column stands where the view had it (`order`), new ones follow in the order of the first branch, so
 * that the view can be replaced in place. Pure.
 */
export function shapeOf(
  { branches }: WantedUnion,
  tables: ReadonlyMap<string, ForeignTable>,
  order: readonly string[],
): UnionShape {
  const all = branches.map(({ table }) => tables.get(nameKey(table))?.columns ?? []);
  const names = [...new Set([...order, ...(all[0] ?? []).map(({ name }) => name)])];
  const columns = names.flatMap((name) => {
    const alike = all.map((own) => own.find((column) => column.name === name));
    const common = alike.filter((column) => column !== undefined);
    const type = common.length < all.length || name === TENANT_COLUMN ? undefined : commonType(common);
    return type === undefined ? [] : [{ name, ...type }];
  });
  const selected = columns.map(({ name, asText }): BranchColumn => ({ name, asText }));
  return {
    query: branches.map((branch) => ({ ...branch, columns: selected })),
    columns: [{ name: TENANT_COLUMN, type: 'text' }, ...columns.map(({ name, type }) => ({ name, type }))],
  };
}

/** UNION finds one type for these, and none of them changes how values compare or sort. */
const NUMBERS: readonly string[] = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'];
const TEXTS: readonly string[] = ['character varying', 'text'];

/**
 * The type in which a view shows a column; undefined where its branches have too little in common: the column is then
 * left out, since a cast of some could answer otherwise in silence. A type of one's own is shown as text: each tenant
 * may have its own of the name, and their labels are what they have in common.
 */
function commonType(
  columns: readonly ForeignColumn[],
): { readonly type: string | null; readonly asText: boolean } | undefined {
  if (columns.some(({ userType }) => userType !== null && userType.extension === null))
    return columns.every(({ userType }) => userType !== null) ? { type: 'text', asText: true } : undefined;
  const types = [...new Set(columns.map(({ type }) => type))];
  const collations = new Set(columns.map(({ collation }) => JSON.stringify(collation)));
  const [only] = types;
  if (collations.size > 1 || only === undefined) return undefined;
  if (types.length === 1) return { type: only, asText: false };
  const bases = new Set(types.map(withoutModifier));
  const isOne =
    bases.size === 1 || [NUMBERS, TEXTS].some((family) => [...bases].every((base) => family.includes(base)));
  return isOne ? { type: null, asText: false } : undefined;
}

const withoutModifier = (type: string): string => type.replace(/\([\d, -]+\)/, '');

/** Does the view on the veneer show what it should, to whom it should? Pure. */
export const isInLine = (present: PresentUnion, { query }: UnionShape): boolean =>
  present.isInvoker && present.query !== null && sameQuery(present.query, query);

function sameQuery(present: UnionQuery, wanted: UnionQuery): boolean {
  const texts = (query: UnionQuery): string[] =>
    query
      .map(({ tenant, table: { schema, name }, columns }) =>
        JSON.stringify([tenant, schema, name, columns.map((column) => [column.name, column.asText])]),
      )
      .toSorted();
  return JSON.stringify(texts(present)) === JSON.stringify(texts(wanted));
}

/**
 * CREATE OR REPLACE VIEW takes new columns at the end and changes no type; only then do views and materialized views
 * over it stay where they are. Pure.
 */
export const isReplaceable = (present: PresentUnion, { columns }: UnionShape): boolean =>
  present.columns.every(({ name, type }, index) => {
    const wanted = columns[index];
    return wanted !== undefined && wanted.name === name && wanted.type === type;
  });

/** The branches of a view, in SQL. Pure. */
export const unionSql = ({ query }: UnionShape): string =>
  query
    .map(({ tenant, table, columns }) => {
      const selected = columns.map(({ name, asText }) =>
        asText ? `t.${ident(name)}::text AS ${ident(name)}` : `t.${ident(name)}`,
      );
      const targets = [`${literal(tenant)}::text AS ${ident(TENANT_COLUMN)}`, ...selected];
      return `SELECT ${targets.join(', ')} FROM ${qualified(table)} AS t`;
    })
    .join('\nUNION ALL\n');

/**
 * Reads as whoever asks: without security_invoker a view reads foreign tables with the user mappings and the rights of
 * its owner, the runner, and a role that sees one tenant would see all of them. Pure.
 */
export const createUnion = (
  name: QualifiedName,
  shape: UnionShape,
  how: 'CREATE' | 'CREATE OR REPLACE',
): string => `${how} VIEW ${qualified(name)} WITH (security_invoker = true) AS\n${unionSql(shape)}`;

/** A view over all tenants as it should be, and what bears its name. */
export interface UnionFacts {
  readonly name: QualifiedName;
  readonly shape: UnionShape;
  readonly present: PresentUnion | undefined;
}

/** Those that have to be made or changed. Pure. */
export const unionsAmiss = (facts: readonly UnionFacts[]): UnionFacts[] =>
  facts.filter(({ present, shape }) => present === undefined || !isInLine(present, shape));

/** Statements that would make them so, for whoever only plans; what stands above is named when it is done. Pure. */
export const unionStatements = (facts: readonly UnionFacts[]): string[] =>
  unionsAmiss(facts).map(({ name, shape, present }) =>
    createUnion(name, shape, present === undefined ? 'CREATE' : 'CREATE OR REPLACE'),
  );
