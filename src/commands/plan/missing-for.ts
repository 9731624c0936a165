import type { Config } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { PlannedFrom } from '../../protocol/run/first-look.js';
import type { Session } from '../../postgres/session.js';
import { missingExtensions } from './missing-extensions.js';
import { missingSchemas } from './missing-schemas.js';

/** What the steps of a plan need and is not there, as far as it can be seen before one of them runs. */
export async function missingFor(
  config: Config,
  plan: Plan,
  sessionOf: (member: string) => Session,
  looks?: ReadonlyMap<string, PlannedFrom>,
): Promise<Problem[]> {
  return [
    ...(await missingSchemas(plan, sessionOf, looks)),
    ...(await missingExtensions(config, plan, sessionOf)),
  ];
}
