import { readFilled } from '../../catalog/relations/read-filled.js';
import { namesItself, readShapeCopy } from '../../catalog/copy/read-shape-copy.js';
import { readOutside } from '../../catalog/relations/read-outside.js';
import type { ShapeCopy } from '../../catalog/copy/shape-copy.js';
import { readShapeLines } from '../../catalog/relations/read-shapes.js';
import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { EXIT, type Problem } from '../../errors.js';
import { entriesOf, readLedger, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import { fewOf } from '../../migrations/ledger/ledger-problems.js';
import { makePlan } from '../../migrations/plan/plan.js';
import { PIN_LOCALLY } from '../../postgres/hygiene.js';
import type { Session } from '../../postgres/session.js';
import { inReadOnly } from '../../postgres/transaction.js';
import type { Sibling } from '../../protocol/tenants/sibling.js';
import { ignoredTables } from '../common/shaped-tenants.js';
import type { Decided } from './tenant-add-task.js';
import type { Like } from './tenant-sibling.js';
import type { TenantPlace } from './tenant-step.js';

/** What is known of a sibling, and what forbids to copy it. */
export interface LikeFacts {
  readonly sibling: Sibling | null;
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

export interface LikeInput {
  readonly config: Config;
  readonly like: Like;
  /** Who is to be made, and where. */
  readonly decided: Pick<Decided, 'migrations' | 'missing'>;
  /** Of the veneers, at least. */
  readonly ledgers: ReadonlyMap<string, readonly LedgerGroup[]>;
  readonly session: Session;
}

/**
 * Reads a sibling in one snapshot: ledger, definitions, which of its tables hold rows, and what its database has besides where
 * that is its own.
 */
export function readLike(input: LikeInput): Promise<LikeFacts> {
  const { config, like, session } = input;
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
        copy,
        outside: config.tenantIs === 'database' ? await readOutside(session, tenant.schema, ignored) : null,
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
  { config, like: { tenant, shard }, decided: { migrations }, ledgers }: LikeInput,
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
function shapeProblems({ like, decided }: LikeInput, copy: ShapeCopy): readonly Problem[] {
  const { tenant, shard } = like;
  const users = new Set(shard.userMappings.map(({ user }) => user));
  const grants = copy.grants.filter(({ grantee }) => grantee === null || !users.has(grantee));
  const own = namesItself({ ...copy, grants }, ownNames(like, decided.missing));
  return [...copy.refused, ...own.map((object) => `${object}, with its name in it`)].map((why) =>
    problem(tenant, why),
  );
}

/** What a sibling is called that the new tenants are not: in a copy it would mean the sibling. Pure. */
function ownNames({ tenant, shard }: Like, places: readonly TenantPlace[]): string[] {
  const shared = new Set(
    places.flatMap((place) => place.tenants.flatMap(({ schema }) => [schema, ...namesOf(place.shard)])),
  );
  const names = [tenant.schema, ...namesOf(shard)].filter((name) => !shared.has(name));
  return [...new Set([tenant.name, ...names])];
}

/** Of a database that is a tenant's: itself, and who works there. Users of a shard with many tenants are nobody's own. */
const namesOf = ({ database, setRole, userMappings }: ShardConfig): string[] =>
  database === null
    ? []
    : [database, ...(setRole === null ? [] : [setRole]), ...userMappings.map(({ user }) => user)];

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

/** A sibling for whom is made on this shard: the fleet's users under the names that they have there. Pure. */
export function siblingAt(sibling: Sibling, { shard }: Like, home: ShardConfig): Sibling {
  const there = new Map(
    shard.userMappings.flatMap(({ role, user }) => {
      const other = home.userMappings.find((mapping) => mapping.role === role);
      return other === undefined ? [] : [[user, other.user] as const];
    }),
  );
  const grants = sibling.copy.grants.map((grant) => ({
    ...grant,
    grantee: grant.grantee === null ? null : (there.get(grant.grantee) ?? grant.grantee),
  }));
  return { ...sibling, copy: { ...sibling.copy, grants } };
}

const MOST_TOLD = 10;

const rowsText = (name: string, tables: readonly string[]): string => {
  const more = tables.length > MOST_TOLD ? ` and ${tables.length - MOST_TOLD} more` : '';
  return `no rows are copied: of ${name}, ${tables.slice(0, MOST_TOLD).join(', ')}${more} hold some; what migrations put there is missing`;
};
