import { medianMs, type PastStep } from '../../migrations/ledger/durations.js';
import { labelOf, type Migration, type Statement } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import { effectsOf } from '../../migrations/sql/statement-effects.js';
import type { PlanGroup, PlanMigration, PlanStatement } from '../../report/plan.js';
import { groupBy } from '../../group-by.js';

/** What is pending, with what each statement does to those who use the tables meanwhile. */
export const planMigrations = (plan: Plan, past: readonly PastStep[]): Promise<PlanMigration[]> =>
  Promise.all(
    plan.order.map(async (migration) => ({
      migration: labelOf(migration),
      scope: migration.scope,
      file: migration.file,
      transaction: migration.transaction,
      statements: await statementsOf(migration),
      verified: migration.verify !== undefined,
      runs: runsOf(plan, migration),
      msEach: medianMs(past, migration),
    })),
  );

async function statementsOf({ body }: Migration): Promise<readonly PlanStatement[] | null> {
  return body.kind === 'dynamic' ? null : Promise.all(body.statements.map(withImpact));
}

const withImpact = async ({ sql, line }: Statement): Promise<PlanStatement> => ({
  sql,
  line,
  ...(await effectsOf(sql)),
});

/** For how many it runs. */
function runsOf({ shards, veneerSteps }: Plan, migration: Migration): number {
  const steps = shards.flatMap(({ steps }) => steps.filter((step) => step.migration === migration));
  const veneers = veneerSteps
    .filter((step) => step.migration === migration)
    .flatMap(({ veneers }) => veneers);
  return steps.reduce((sum, { tenants }) => sum + Math.max(1, tenants.length), veneers.length);
}

/** Those for whom the same is pending, together. Pure. */
export function planGroups({ shards, veneerSteps }: Plan): PlanGroup[] {
  const pairs = [
    ...shards.flatMap(({ shard, steps }) =>
      steps.flatMap(({ migration, tenants }) =>
        (migration.scope === 'shard' ? [shard.name] : tenants.map(({ name }) => name)).map((subject) => ({
          migration,
          subject,
        })),
      ),
    ),
    ...veneerSteps.flatMap(({ migration, veneers }) =>
      veneers.map(({ name }) => ({ migration, subject: name })),
    ),
  ];
  const bySubject = [
    ...groupBy(pairs, ({ migration, subject }) => JSON.stringify([migration.scope, subject])).values(),
  ];
  const alike = groupBy(bySubject, (list) => JSON.stringify(list.map(({ migration }) => labelOf(migration))));
  return [...alike.values()].map((lists) => ({
    scope: lists[0]?.[0]?.migration.scope ?? 'tenant',
    subjects: lists.flatMap((list) => list[0]?.subject ?? []),
    pending: lists[0]?.map(({ migration }) => labelOf(migration)) ?? [],
  }));
}
