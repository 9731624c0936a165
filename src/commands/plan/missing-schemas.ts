import { readSchemas } from '../../catalog/read-privileges.js';
import { EXIT, type Problem } from '../../errors.js';
import type { Plan, ShardPlan } from '../../migrations/plan/plan.js';
import type { PlannedFrom } from '../../protocol/run/first-look.js';
import type { Session } from '../../postgres/session.js';

/** A problem for each tenant of the plan that has no schema on its shard: setup did not run since it was added. */
export async function missingSchemas(
  { shards }: Plan,
  sessionOf: (member: string) => Session,
  looks?: ReadonlyMap<string, PlannedFrom>,
): Promise<Problem[]> {
  const problems = await Promise.all(
    shards
      .filter(({ steps }) => steps.length > 0)
      .map((planned) => missingOn(planned, sessionOf, looks?.get(planned.shard.name))),
  );
  return problems.flat();
}

async function missingOn(
  { shard, steps }: ShardPlan,
  sessionOf: (member: string) => Session,
  seen: PlannedFrom | undefined,
): Promise<Problem[]> {
  const tenants = shard.tenants.filter((tenant) => steps.some((step) => step.tenants.includes(tenant)));
  const wanted = tenants.map(({ schema }) => schema);
  const present = seen?.schemas ?? (await readSchemas(sessionOf(shard.name), wanted));
  return tenants
    .filter(({ schema }) => !present.has(schema))
    .map(({ name, schema }) => ({
      message: `${shard.name} has no schema ${schema} for tenant ${name}`,
      exitCode: EXIT.failed,
      where: { member: shard.name, tenant: name },
      hint: 'migrate setup',
      cure: 'migrate setup',
    }));
}
