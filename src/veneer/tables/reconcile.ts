import { remoteOf, type ForeignTable } from '../../catalog/relations/relation.js';
import { oncePerLists, type OncePerLists } from '../../once-per-lists.js';
import { ident, literal, nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Definition } from '../exposure/definition.js';
import { pairTables, type ExposedRename, type TablePair } from './pair-tables.js';
import { alterForeignTable, columnClause, planningOnce, type RetypedColumn } from './reconcile-columns.js';
import {
  attachSql,
  createPartition,
  reconcilePartition,
  type AttachedPartition,
  type ParentChange,
} from './reconcile-partition.js';

/** What is to be done on a veneer for one table, in the order in which the statements run. */
export interface Change {
  readonly kind: 'create' | 'drop' | 'alter';
  /** The table's name on the veneer before the change; for 'create' the new name. */
  readonly table: QualifiedName;
  /** The relation of the shard that the table shows until then; for 'create' the one that it will show. */
  readonly remote: QualifiedName;
  readonly statements: readonly string[];
  /** Oid of the foreign table that is dropped or altered. */
  readonly oid?: string;
  /** Present names of columns that are dropped. */
  readonly dropped?: readonly string[];
  /** Columns whose type changes: views above them have to be put aside while the statements run. */
  readonly retyped?: readonly RetypedColumn[];
  /** What only the table's parent can do for it, once for all of its partitions: see merge-parents.ts. */
  readonly onParent?: ParentChange;
  /** Attached by the last of the statements. */
  readonly attach?: AttachedPartition;
}

/** What a veneer is to show, and what it does. */
export interface Reconciliation {
  readonly wanted: readonly Definition[];
  /** Ours alone: whatever is not wanted of these is dropped. */
  readonly present: readonly ForeignTable[];
  /** What the migration renamed on the shard, where that is known: else a rename is a drop and an add. */
  readonly renames: readonly ExposedRename[];
  /** server_version_num of the veneer: what it can alter in place, and which defaults it can evaluate. */
  readonly version: number;
}

/**
 * The statements that make the present foreign tables equal to the wanted definitions, in place: a table that can
 * be altered keeps its oid, and with it grants, views, comments, triggers and options set by hand. Pure; a second
 * call on the result is empty. Drops come first and creates last, so that a freed name can be taken; never CASCADE.
 */
export function reconcile({ wanted, present, renames, version }: Reconciliation): Change[] {
  const pairs = pairTables(wanted, present, renames);
  const paired = new Set(pairs.map((pair) => pair.table.oid));
  const drops = present.filter((table) => !paired.has(table.oid)).map(dropTable);
  const kept = new Set(pairs.map((pair) => pair.definition));
  const created = wanted.filter((definition) => !kept.has(definition));
  const moves = moveTables(pairs);
  const once: Once = { plan: planningOnce(), columns: oncePerLists() };
  const alters = pairs.map((pair) => alterTable(pair, version, once));
  // All names are final before the first type changes: what stands above is read then, and deparsed with them.
  const first = alters.flatMap((table) => table.first).filter(isWork);
  const rest = alters.flatMap((table) => table.rest).filter(isWork);
  const creates = created.map((definition) => createTable(definition, version, once));
  return [...drops, ...moves, ...first, ...rest, ...creates];
}

/** What is thought once for all tables that are alike. */
interface Once {
  readonly plan: ReturnType<typeof planningOnce>;
  /** The columns of CREATE FOREIGN TABLE. */
  readonly columns: OncePerLists<string>;
}

const isWork = ({ statements, onParent }: Change): boolean => statements.length > 0 || onParent !== undefined;

const dropTable = (table: ForeignTable): Change => ({
  kind: 'drop',
  oid: table.oid,
  table,
  remote: remoteOf(table),
  statements: [`DROP FOREIGN TABLE ${qualified(table)}`],
});

/**
 * Tables whose name or schema changes. Where a new name is still borne by another table that moves too (a swap, a
 * chain), all of these step aside to names of their own first.
 */
function moveTables(pairs: readonly TablePair[]): Change[] {
  const moving = pairs.filter(({ table, definition }) => nameKey(table) !== nameKey(definition));
  const taken = new Set(moving.map(({ table }) => nameKey(table)));
  const crossing = moving.some(({ definition }) => taken.has(nameKey(definition)));
  const aside = (table: ForeignTable): QualifiedName => ({
    schema: table.schema,
    name: `pgveneer_${table.oid}`,
  });
  const change = (table: ForeignTable, from: QualifiedName, to: QualifiedName): Change => ({
    kind: 'alter',
    table,
    remote: remoteOf(table),
    statements: moveStatements(from, to),
  });
  if (!crossing) return moving.map(({ table, definition }) => change(table, table, definition));
  return [
    ...moving.map(({ table }) => change(table, table, aside(table))),
    ...moving.map(({ table, definition }) => change(table, aside(table), definition)),
  ];
}

function moveStatements(from: QualifiedName, to: QualifiedName): string[] {
  const renamed = { schema: from.schema, name: to.name };
  return [
    ...(from.name === to.name ? [] : [`ALTER FOREIGN TABLE ${qualified(from)} RENAME TO ${ident(to.name)}`]),
    ...(from.schema === to.schema
      ? []
      : [`ALTER FOREIGN TABLE ${qualified(renamed)} SET SCHEMA ${ident(to.schema)}`]),
  ];
}

/** One change, or two where a type changes: what comes before, and what runs while views are put aside. */
function alterTable(pair: TablePair, version: number, { plan }: Once): { first: Change[]; rest: Change[] } {
  const { table, definition, rename } = pair;
  if (definition.partition !== null || table.parent !== null)
    return { first: [alterPartition(pair, version)], rest: [] };
  const options = remoteOptions(table, definition);
  const work = plan(table.columns, definition.columns, rename?.columns ?? NONE_RENAMED, version);
  if (options.length + work.first.length + work.rest.length === 0) return { first: [], rest: [] };
  const name = qualified(definition);
  const { first, rest, dropped, retyped } = alterForeignTable(name, work);
  const before = [
    ...(options.length === 0 ? [] : [`ALTER FOREIGN TABLE ${name} OPTIONS (${options.join(', ')})`]),
    ...first,
  ];
  const change = { kind: 'alter', table, oid: table.oid, remote: remoteOf(table) } as const;
  if (retyped.length === 0)
    return { first: [{ ...change, dropped, statements: [...before, ...rest] }], rest: [] };
  return {
    first: [{ ...change, dropped, statements: before }],
    rest: [{ ...change, retyped, statements: rest }],
  };
}

const NONE_RENAMED: ReadonlyMap<string, string | null> = new Map();

function alterPartition(pair: TablePair, version: number): Change {
  const { table, definition } = pair;
  const options = remoteOptions(table, definition);
  const name = qualified(definition);
  const { statements, attach, onParent } = reconcilePartition(pair, version);
  return {
    kind: 'alter',
    table,
    oid: table.oid,
    remote: remoteOf(table),
    statements: [
      ...(options.length === 0 ? [] : [`ALTER FOREIGN TABLE ${name} OPTIONS (${options.join(', ')})`]),
      ...statements,
      ...(attach === null ? [] : [attachSql(attach)]),
    ],
    ...(attach === null ? {} : { attach }),
    ...(onParent === null ? {} : { onParent }),
  };
}

/** schema_name and table_name as wanted; whatever else is set on the table was set by hand and stays. */
function remoteOptions(table: ForeignTable, { remote }: Definition): string[] {
  const wanted = { schema_name: remote.schema, table_name: remote.name };
  return Object.entries(wanted).flatMap(([option, value]) => {
    const current = table.options[option];
    if (current === value) return [];
    return [`${current === undefined ? 'ADD' : 'SET'} ${option} ${literal(value)}`];
  });
}

function createTable(definition: Definition, version: number, once: Once): Change {
  const { attach, statements } =
    definition.partition === null
      ? { attach: null, statements: createStatements(definition, version, once) }
      : createPartition(definition, version);
  return {
    kind: 'create',
    table: definition,
    remote: definition.remote,
    statements: [...statements, ...(attach === null ? [] : [attachSql(attach)])],
    ...(attach === null ? {} : { attach }),
  };
}

const createStatements = (definition: Definition, version: number, once: Once): string[] => [
  `CREATE FOREIGN TABLE ${qualified(definition)} (${columnClauses(definition, version, once)})` +
    ` SERVER ${ident(definition.server)}` +
    ` OPTIONS (schema_name ${literal(definition.remote.schema)}, table_name ${literal(definition.remote.name)})`,
];

const columnClauses = ({ columns }: Definition, version: number, once: Once): string =>
  once.columns([columns], '', () => columns.map((column) => columnClause(column, version)).join(', '));
