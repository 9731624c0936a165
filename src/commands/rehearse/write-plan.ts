import type { Config } from '../../config/config.js';
import { memberOf } from '../../fleet/member.js';
import type { Representative } from '../../migrations/plan/representatives.js';
import { secretMask } from '../../protocol/run/mask-secrets.js';
import type { Rehearsal } from '../../protocol/rehearsal/rehearsal.js';
import { veneerStatements } from '../../protocol/align/veneer-statements.js';
import { version } from '../../version.js';
import { PIN_FORMAT, type PinnedState, type PinnedTenant } from '../pin/pin.js';
import { writePin } from '../pin/pin-file.js';
import { pinStatements } from '../pin/pin-review.js';
import type { RehearseOptions } from './rehearse-options.js';

export interface PlanToWrite {
  readonly config: Config;
  readonly options: RehearseOptions;
  readonly tenants: readonly Representative[];
  /** As it was before the rehearsal: what changes by hand meanwhile makes the plan stale. */
  readonly state: PinnedState;
  readonly rehearsal: Rehearsal;
}

/** Writes what was rehearsed, with what it was made for. Answers the file's name. Throws (exit 20) where it cannot. */
export async function writePlan({
  config,
  options,
  tenants,
  state,
  rehearsal,
}: PlanToWrite): Promise<string> {
  const file = options.out ?? '';
  const pinned = tenants.flatMap(({ tenant, standsFor }) =>
    [tenant, ...standsFor].map((one): PinnedTenant => ({
      shard: memberOf(config, one),
      tenant: one.name,
      schema: one.schema,
      rehearsedAs: tenant.name,
    })),
  );
  const done = rehearsal.steps.flatMap(({ step, aligned }) => veneerStatements(step.migration, aligned));
  const { shards, tenants: globs, exceptTenants = [], limit } = options;
  await writePin(file, {
    format: PIN_FORMAT,
    version: version(),
    fleet: config.fleet,
    made: new Date().toISOString(),
    selection: { shards, tenants: globs, exceptTenants, limit },
    ...state,
    tenants: pinned,
    veneers: pinStatements(done, pinned, secretMask(config)),
  });
  return file;
}
