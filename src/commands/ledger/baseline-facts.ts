import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import type { BaselinePlan, TenantFacts } from '../../migrations/adopt/baseline.js';
import { readHistories, type HistoryTool } from '../../migrations/adopt/read-histories.js';
import type { Session } from '../../postgres/session.js';
import { inReadOnly } from '../../postgres/transaction.js';
import { differenceText, shapeDifferences, type ShapeDifference } from '../../report/drift/shapes.js';
import { ignoredTables, readLinesOf, readShapedTenants } from '../common/shaped-tenants.js';

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
    const histories = from === null ? new Map() : await readHistories(session, { ...from, schemas });
    const tenants = await readShapedTenants(session, shard, ignoredBy(from));
    return tenants.map(({ tenant, ledger, shape }) => ({
      tenant,
      selected: selected.has(tenant.name),
      history: histories.get(tenant.schema) ?? null,
      ledger,
      shape,
    }));
  });
}

const ignoredBy = (from: HistoryTable): string[] => ignoredTables(...(from === null ? [] : [from.table]));

/** A problem for each tenant that is not like its siblings, with what differs. */
export async function oddProblems(
  plan: BaselinePlan,
  from: HistoryTable,
  sessionOf: (tenant: TenantConfig) => Session,
): Promise<Problem[]> {
  const odd = plan.odd.slice(0, MOST);
  const linesOf = await readLinesOf(
    odd.flatMap(({ tenant, sibling }) => [tenant, sibling]),
    ignoredBy(from),
    sessionOf,
  );
  return odd.map(({ tenant, sibling }) =>
    oddProblem(tenant, sibling, shapeDifferences(linesOf(tenant), linesOf(sibling))),
  );
}

/** Tenants that are told with their differences; the others are in the list of tenants. */
const MOST = 20;
const MOST_LINES = 5;

function oddProblem(
  tenant: TenantConfig,
  sibling: TenantConfig,
  differences: readonly ShapeDifference[],
): Problem {
  const lines = differences.map(differenceText);
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
