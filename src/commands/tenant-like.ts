import { readFilled } from '../catalog/read-filled.js';
import { namesItself, readShapeCopy } from '../catalog/read-shape-copy.js';
import type { Grant } from '../catalog/read-grants.js';
import type { ShapeCopy } from '../catalog/shape-copy.js';
import { readShapeLines } from '../catalog/read-shapes.js';
import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import { EXIT, VeneerError, type Problem } from '../errors.js';
import { entriesOf, readLedger, type LedgerGroup } from '../migrations/ledger.js';
import { fewOf } from '../migrations/ledger-problems.js';
import type { Migration } from '../migrations/migration.js';
import { makePlan } from '../migrations/plan.js';
import { PIN_LOCALLY } from '../postgres/hygiene.js';
import type { Session } from '../postgres/session.js';
import { inReadOnly } from '../postgres/transaction.js';
import type { Sibling } from '../protocol/tenants/copy-shape.js';
import { ignoredTables } from './shaped-tenants.js';

/** An existing tenant that new ones are made like. */
export interface Like {
  readonly tenant: TenantConfig;
  readonly shard: ShardConfig;
}

/** Throws (exit 64, 20) where a tenant of that name is none to be copied; null: none is named. */
export function likeOf(config: Config, names: readonly string[], like: string | null): Like | null {
  if (like === null) return null;
  if (config.tenantIs === 'database')
    throw new VeneerError('--like copies a schema, and here each tenant is a database', {
      exitCode: EXIT.usage,
      hint: 'leave --like out: the new databases get every migration, or the base that stands for the first of them',
    });
  if (names.includes(like))
    throw new VeneerError(`tenant ${like} cannot be made like itself`, {
      exitCode: EXIT.usage,
      hint: '--like names another tenant, which has every migration',
    });
  for (const shard of config.shards) {
    const tenant = shard.tenants.find(({ name }) => name === like);
    if (tenant !== undefined) return { tenant, shard };
  }
  throw new VeneerError(`--like names ${like}, which is no tenant of this fleet`, {
    exitCode: EXIT.usage,
    hint: 'migrate tenant list shows which there are',
  });
}

/** What is known of a sibling, and what forbids to copy it. */
export interface LikeFacts {
  readonly sibling: Sibling | null;
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

export interface LikeInput {
  readonly config: Config;
  readonly like: Like;
  /** Where the new tenants go. */
  readonly home: ShardConfig;
  readonly migrations: readonly Migration[];
  /** Of the veneers, at least. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerGroup[]>;
  readonly session: Session;
}

/** Reads a sibling in one snapshot: ledger, definitions, and which of its tables hold rows. */
export function readLike(input: LikeInput): Promise<LikeFacts> {
  const { like, session } = input;
  return inReadOnly(session, async () => {
    const groups = (await readLedger(session)) ?? [];
    const problems = ledgerProblems(input, groups);
    if (problems.length > 0) return { sibling: null, problems, notices: [] };
    const { tenant } = like;
    const filled = await readFilled(session, tenant.schema);
    const copy = await readShapeCopy(session, tenant.schema);
    await session.run(PIN_LOCALLY);
    const ignored = ignoredTables();
    const lines = (await readShapeLines(session, [tenant.schema], ignored)).get(tenant.schema) ?? [];
    const entries = [...(entriesOf(groups, 'tenant').get(tenant.name)?.values() ?? [])];
    return {
      sibling: {
        tenant,
        copy: { ...copy, grants: grantsAt(copy.grants, input) },
        lines,
        ignored,
        entries,
        version: session.server.version,
      },
      problems: shapeProblems(input, copy),
      notices: [
        `copies the shape of ${tenant.name}: ${copy.items.length} definitions; records ${entries.length} migrations as applied`,
        ...(filled.length === 0 ? [] : [rowsText(tenant.name, filled)]),
      ],
    };
  });
}

/** A sibling that lacks something, or that `up` would refuse, is no model for others. Pure. */
function ledgerProblems(
  { config, like: { tenant, shard }, migrations, ledgers }: LikeInput,
  groups: readonly LedgerGroup[],
): readonly Problem[] {
  if (!entriesOf(groups, 'tenant').has(tenant.name)) return [problem(tenant, 'it has no migration yet')];
  const plan = makePlan({
    direction: 'up',
    migrations,
    shards: [{ ...shard, tenants: [tenant] }],
    veneers: config.veneers,
    reach: { shards: new Set(), veneers: 'left out' },
    ledgers: new Map([...ledgers, [shard.name, groups]]),
    outOfOrder: config.policy.outOfOrder,
    limit: { kind: 'all' },
  });
  if (plan.problems.length > 0) return plan.problems;
  const begun = plan.interrupted.map(({ migration }) => migration);
  if (begun.length > 0)
    return [problem(tenant, `${fewOf(begun)} began, and has not come to its end`, 'migrate up')];
  const pending = [
    ...plan.shards.flatMap(({ steps }) => steps.map(({ migration }) => migration.name)),
    ...plan.waiting.map(({ migration }) => migration),
  ];
  if (pending.length === 0) return [];
  return [problem(tenant, `it does not have ${fewOf([...new Set(pending)])} yet`, 'migrate up')];
}

/** Pure. */
function shapeProblems({ like: { tenant, shard } }: LikeInput, copy: ShapeCopy): readonly Problem[] {
  const users = new Set(shard.userMappings.map(({ user }) => user));
  const grants = copy.grants.filter(({ grantee }) => grantee === null || !users.has(grantee));
  const own = namesItself({ ...copy, grants }, [...new Set([tenant.name, tenant.schema])]);
  return [...copy.refused, ...own.map((object) => `${object}, with its name in it`)].map((why) =>
    problem(tenant, why),
  );
}

const problem = (
  { name }: TenantConfig,
  why: string,
  hint = 'leave --like out, or name a tenant without it',
): Problem => ({
  message: `nobody can be made like ${name}: ${why}`,
  exitCode: EXIT.failed,
  where: { tenant: name },
  hint,
});

/** The fleet's users of the sibling's shard under the names that they have on the other one. Pure. */
function grantsAt(grants: readonly Grant[], { like: { shard }, home }: LikeInput): Grant[] {
  const there = new Map(
    shard.userMappings.flatMap(({ role, user }) => {
      const other = home.userMappings.find((mapping) => mapping.role === role);
      return other === undefined ? [] : [[user, other.user] as const];
    }),
  );
  return grants.map((grant) => ({
    ...grant,
    grantee: grant.grantee === null ? null : (there.get(grant.grantee) ?? grant.grantee),
  }));
}

const MOST_TOLD = 10;

const rowsText = (name: string, tables: readonly string[]): string => {
  const more = tables.length > MOST_TOLD ? ` and ${tables.length - MOST_TOLD} more` : '';
  return `no rows are copied: of ${name}, ${tables.slice(0, MOST_TOLD).join(', ')}${more} hold some; what migrations put there is missing`;
};
