import { readShapeLines, readShapes } from '../catalog/read-shapes.js';
import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import { EXIT, type Problem } from '../errors.js';
import type { BaselinePlan, TenantFacts } from '../migrations/baseline.js';
import { entriesOf, readLedger, type LedgerEntry } from '../migrations/ledger.js';
import { readHistories, type HistoryTool } from '../migrations/read-histories.js';
import type { Session } from '../postgres/session.js';
import { inReadOnly } from '../postgres/transaction.js';

/** The table of another tool that is to be read; null: none. */
export type HistoryTable = { readonly tool: HistoryTool; readonly table: string } | null;

/** What is known of a shard's tenants: a fixed number of queries for a few hundred of them. */
export async function readTenantFacts(
  session: Session,
  shard: ShardConfig,
  { from, selected }: { readonly from: HistoryTable; readonly selected: ReadonlySet<string> },
): Promise<TenantFacts[]> {
  const schemas = shard.tenants.map(({ schema }) => schema);
  return inReadOnly(session, async () => {
    const ledger = entriesOf((await readLedger(session)) ?? [], 'tenant');
    const histories = from === null ? new Map() : await readHistories(session, { ...from, schemas });
    const shapes = await readShapes(session, schemas, ignoredTables(from));
    const shapeOf = new Map(
      shapes.flatMap(({ shape, schemas }) => schemas.map((schema) => [schema, shape] as const)),
    );
    const none: ReadonlyMap<string, LedgerEntry> = new Map();
    return shard.tenants.map((tenant) => ({
      tenant,
      selected: selected.has(tenant.name),
      history: histories.get(tenant.schema) ?? null,
      ledger: ledger.get(tenant.name) ?? none,
      shape: shapeOf.get(tenant.schema) ?? null,
    }));
  });
}

/** A tool's own table is no part of what its migrations made. */
const ignoredTables = (from: HistoryTable): string[] => [
  'pgmigrations',
  'flyway_schema_history',
  ...(from === null ? [] : [from.table]),
];

/** A problem for each tenant that is not like its siblings, with what differs. */
export const oddProblems = (
  plan: BaselinePlan,
  from: HistoryTable,
  sessionOf: (member: string) => Session,
): Promise<Problem[]> =>
  Promise.all(
    plan.odd.slice(0, MOST).map(async ({ tenant, sibling }) => {
      const [own, other] = await Promise.all(
        [tenant, sibling].map((one) =>
          inReadOnly(sessionOf(one.shard), () =>
            readShapeLines(sessionOf(one.shard), one.schema, ignoredTables(from)),
          ),
        ),
      );
      return oddProblem(tenant, sibling, own ?? [], other ?? []);
    }),
  );

/** Tenants that are told with their differences; the others are in the list of tenants. */
const MOST = 20;
const MOST_LINES = 5;

function oddProblem(
  tenant: TenantConfig,
  sibling: TenantConfig,
  own: readonly string[],
  other: readonly string[],
): Problem {
  const [has, lacks] = [new Set(own), new Set(other)];
  const lines = [
    ...own.filter((line) => !lacks.has(line)).map((line) => `${tenant.name} has ${line}`),
    ...other.filter((line) => !has.has(line)).map((line) => `${sibling.name} has ${line}`),
  ];
  const more = lines.length > MOST_LINES ? [`and ${lines.length - MOST_LINES} more`] : [];
  return {
    message: `${tenant.name} is not what its siblings are, which have the same migrations`,
    exitCode: EXIT.failed,
    where: { member: tenant.shard, tenant: tenant.name },
    detail: [...lines.slice(0, MOST_LINES), ...more].join('\n'),
    hint: `make ${tenant.name} like ${sibling.name} by hand, or leave it out: --except-tenant`,
  };
}

/** The shards that can be read; those of the selection must be. Throws (exit 23) for one of these that cannot. */
export const readableShards = (
  { shards }: Config,
  selected: readonly ShardConfig[],
  unreachable: ReadonlyMap<string, Problem>,
): readonly ShardConfig[] =>
  shards.filter(({ name }) => !unreachable.has(name) || selected.some((shard) => shard.name === name));
