import { readExtensions, readTypeOwners } from '../../catalog/read-extensions.js';
import type { Config } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { extensionRules, refusalOf, type NeededExtension } from '../../veneer/extensions.js';

/**
 * A problem for each extension that shards.yaml lists, a shard of the plan has, and a veneer lacks and cannot be given:
 * the first column of one of its types would fail there, after the steps before it had committed. What a migration
 * will use is not known before it ran, so that an extension that is not listed is refused in the step itself.
 */
export const missingExtensions = (
  config: Config,
  { shards }: Plan,
  sessionOf: (member: string) => Session,
): Promise<Problem[]> =>
  extensionsLacked(
    config,
    shards.filter(({ steps }) => steps.length > 0).map(({ shard }) => shard.name),
    sessionOf,
  );

/** The same for shards by name, whatever is to be done there. */
export async function extensionsLacked(
  config: Config,
  planned: readonly string[],
  sessionOf: (member: string) => Session,
): Promise<Problem[]> {
  if (config.extensions.length === 0) return [];
  const owners = await Promise.all(
    planned.map(async (name) => ({ name, has: await readTypeOwners(sessionOf(name), config.extensions) })),
  );
  const problems = await Promise.all(
    config.veneers.map((veneer) => {
      const shown = new Set(shardsShownOn(config, veneer.name).map(({ name }) => name));
      const needed = owners.filter(({ name }) => shown.has(name)).flatMap(({ has }) => has);
      return lackingOn(config, sessionOf(veneer.name), needed);
    }),
  );
  return problems.flat();
}

async function lackingOn(
  config: Config,
  veneer: Session,
  needed: readonly NeededExtension[],
): Promise<Problem[]> {
  const names = [...new Set(needed.map(({ name }) => name))];
  const states = await readExtensions(veneer, names);
  return states.flatMap((state) => refusalOf(veneer.member, needed, state, extensionRules(config)));
}
