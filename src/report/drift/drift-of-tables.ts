import type { Occupied } from '../../catalog/relations/read-foreign-tables.js';
import { remoteOf, type ForeignTable } from '../../catalog/relations/relation.js';
import { oncePerLists } from '../../once-per-lists.js';
import { display, nameKey, sameName, type QualifiedName } from '../../postgres/identifiers.js';
import { isOurs, type Definition, type ExposedRelation } from '../../veneer/exposure/definition.js';
import { sourceSchemas, type Exposure } from '../../veneer/exposure/exposure.js';
import { pairTables } from '../../veneer/tables/pair-tables.js';
import { unsupportedColumns } from '../../veneer/exposure/supported-types.js';
import type { Drift } from './drift.js';
import { columnDifferences, type Difference } from './drift-of-columns.js';

/** One shard and one veneer, side by side. */
export interface TableComparison {
  readonly shard: string;
  readonly veneer: string;
  /** server_version_num of the veneer. */
  readonly version: number;
  readonly exposure: Exposure;
  readonly exposed: readonly ExposedRelation[];
  /** All foreign tables of the shard's server. */
  readonly present: readonly ForeignTable[];
  readonly occupied: readonly Occupied[];
  /** By oid on the shard: why a type cannot be brought to the veneer. */
  readonly unsupported: ReadonlyMap<string, string>;
}

/** Differences between what a veneer shows of a shard and what the shard is. Empty exactly when sync has nothing to do. Pure. */
export function tableDrift(comparison: TableComparison): Drift[] {
  const { exposed, present } = comparison;
  const isSupported = (one: ExposedRelation): boolean =>
    unsupportedColumns(one.definition, comparison.unsupported).length === 0;
  const supported = exposed.filter(isSupported);
  const relations = new Map(exposed.map((one) => [one.definition, one.relation]));
  const pairs = pairTables(
    supported.map((one) => one.definition),
    present,
    [],
  );
  const paired = new Set(pairs.map((pair) => pair.table));
  const shown = new Set(pairs.map((pair) => pair.definition));
  const unsupported = exposed.filter((one) => !isSupported(one));
  const spared = new Set(unsupported.map(({ definition }) => nameKey(definition)));
  const once = oncePerLists<Difference[]>();
  return [
    ...pairs.flatMap(({ table, definition }) => {
      const wanted = relations.get(definition)?.columns ?? [];
      const kind = table.parent === null ? 'table' : 'partition';
      const columns = once([table.columns, wanted], kind, () =>
        columnDifferences(table, wanted, comparison.version),
      );
      const shows = remoteDifference(remoteOf(table), definition.remote);
      const attached = attachment(table, definition);
      return [...shows, ...attached, ...columns].map((difference) =>
        located(comparison, definition, definition.tenant, difference),
      );
    }),
    ...supported
      .filter(({ definition }) => !shown.has(definition))
      .map((one) => located(comparison, one.definition, one.definition.tenant, missing(comparison, one))),
    ...present
      .filter((table) => !paired.has(table) && !spared.has(nameKey(table)))
      .map((table) => extraTable(comparison, table)),
    ...unsupported.map((one) =>
      located(comparison, one.definition, one.definition.tenant, notSupported(comparison, one)),
    ),
  ];
}

function located(
  { shard, veneer }: TableComparison,
  table: QualifiedName,
  tenant: string | null,
  { column, ...difference }: Difference,
): Drift {
  return {
    cure: 'migrate sync',
    ...difference,
    where: { shard, veneer, ...(tenant === null ? {} : { tenant }) },
    object: column === null ? display(table) : `${display(table)}.${column}`,
  };
}

const remoteDifference = (present: QualifiedName, wanted: QualifiedName): Difference[] =>
  sameName(present, wanted)
    ? []
    : [
        {
          kind: 'option',
          grade: 'wrong answers',
          column: null,
          text: `it shows ${display(present)} of the shard instead of ${display(wanted)}`,
          consequence: 'reads answer from another table',
        },
      ];

/** Rows come to a partition by way of its parent; its columns have the parent's order. */
function attachment({ parent }: ForeignTable, { partition }: Definition): Difference[] {
  if (partition === null || (parent !== null && sameName(parent, partition.of))) return [];
  return [
    {
      kind: 'partition',
      grade: 'invisible',
      column: null,
      text: `it is no partition of ${display(partition.of)}${parent === null ? '' : `, but of ${display(parent)}`}`,
      consequence: `readers of ${display(partition.of)} do not see its rows, and rows for it are refused or land elsewhere`,
    },
  ];
}

function missing({ occupied }: TableComparison, { definition }: ExposedRelation): Difference {
  const taken = occupied.find((one) => sameName(one, definition));
  if (taken === undefined) {
    return {
      kind: 'missing table',
      grade: 'error',
      column: null,
      text: `the shard has ${display(definition.remote)}, the veneer does not show it`,
      consequence: 'queries through the veneer fail: relation does not exist',
    };
  }
  return {
    kind: 'name taken',
    grade: 'wrong answers',
    column: null,
    text: `something else bears the name on the veneer (relkind ${taken.kind})`,
    consequence: "reads answer from that relation, not from the tenant's table",
    cure: 'rename or drop it on the veneer, then migrate sync',
  };
}

function extraTable(comparison: TableComparison, table: ForeignTable): Drift {
  const remote = display(remoteOf(table));
  const tenant = comparison.exposure.tenants.get(remoteOf(table).schema)?.name ?? null;
  if (isOurs(comparison.exposure, table)) {
    return located(comparison, table, tenant, {
      kind: 'extra table',
      grade: 'error',
      column: null,
      text: `the veneer shows ${remote}, which the shard does not have`,
      consequence: 'every read and write of it fails: relation does not exist',
    });
  }
  const extra = { kind: 'extra table', grade: 'cosmetic', column: null } as const;
  const consequence = 'it is not kept in line with the shard';
  if (!sourceSchemas(comparison.exposure).includes(remoteOf(table).schema))
    return located(comparison, table, null, {
      ...extra,
      text: `it shows ${remote} of the shard, a schema of no tenant that is listed`,
      consequence,
      cure: 'list its tenant again, or drop it: migrate tenant drop; if it is dropped, migrate sync --prune',
    });
  return located(comparison, table, tenant, {
    ...extra,
    text: `it shows ${remote} of the shard, and no expose rule names it`,
    consequence,
    cure: 'migrate sync --prune, or an expose rule',
  });
}

const notSupported = ({ unsupported }: TableComparison, { definition }: ExposedRelation): Difference => ({
  kind: 'unsupported type',
  grade: 'invisible',
  column: null,
  text: unsupportedColumns(definition, unsupported)
    .map(({ column, reason }) => `${column}: ${reason}`)
    .join(', '),
  consequence: 'the relation is left as it is on the veneer, and is not kept in line',
  cure: 'use another type, or leave the relation out by expose … except',
});
