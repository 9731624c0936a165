import type { Config, ShardConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { roleOf } from '../../fleet/member.js';
import type { Plan } from '../../migrations/plan/plan.js';
import { representativesOf, type Representative } from '../../migrations/plan/representatives.js';
import type { Session } from '../../postgres/session.js';
import { tenantsThatFit } from '../../protocol/rollout/batches.js';
import { readCapacity } from '../../protocol/rollout/capacity.js';
import type { RehearseOptions } from './rehearse-options.js';
import { readTenantShapes } from '../common/tenant-shapes.js';

/** Whom migrations for tenants run for, and why there are more than asked for. */
export interface ChosenTenants {
  readonly tenants: readonly Representative[];
  readonly notices: readonly string[];
}

export interface Choice {
  readonly plan: Plan;
  readonly options: Pick<RehearseOptions, 'whom' | 'tenants'>;
  readonly sessionOf: (member: string) => Session;
}

/** One tenant of each shape on each shard; those that were named, or all, where that was asked for. */
export async function chooseTenants(
  config: Config,
  { plan, options, sessionOf }: Choice,
): Promise<ChosenTenants> {
  if (options.whom === 'all tenants' || options.tenants.length > 0)
    return { tenants: everybody(plan), notices: [] };
  if (partsDependOnEachOther(config))
    return {
      tenants: everybody(plan),
      notices: ['rehearsed for all tenants: partitions of one table change together'],
    };
  const busy = plan.shards.filter(({ steps }) => steps.length > 0).map(({ shard }) => shard);
  const shapeOf = await readTenantShapes(config, busy, sessionOf);
  return { tenants: representativesOf(plan, shapeOf), notices: [] };
}

const everybody = (plan: Plan): Representative[] => representativesOf(plan, ({ name }) => name);

/** A change that only some partitions have is refused: see PROTOCOL section 10. */
const partsDependOnEachOther = (config: Config): boolean =>
  config.expose.some(({ partition }) => partition !== null) ||
  config.veneers.some(({ name }) => roleOf(config, name) === 'shard+veneer');

/** Throws (exit 20) where one transaction for all of it would fill the lock table of a server. */
export async function refuseTooManyTenants(
  { shards }: Plan,
  sessionOf: (member: string) => Session,
): Promise<void> {
  for (const { shard, steps } of shards) {
    const tenants = new Set(steps.flatMap((step) => step.tenants)).size;
    const statements = steps.reduce((sum, { migration: { body } }) => {
      return sum + (body.kind === 'static' ? body.statements.length : 1);
    }, 0);
    if (tenants > 1)
      refuseOn(shard, tenants, tenantsThatFit(statements, [await readCapacity(sessionOf(shard.name))], 1));
  }
}

function refuseOn({ name }: ShardConfig, tenants: number, fit: number): void {
  if (tenants <= fit) return;
  throw new VeneerError(
    `${name} has room for ${fit} tenants in one transaction over all migrations, and ${tenants} are to be rehearsed`,
    {
      exitCode: EXIT.failed,
      where: { member: name },
      hint: 'rehearse fewer migrations (N), fewer tenants (--tenant), or one of each shape; or raise max_locks_per_transaction',
    },
  );
}
