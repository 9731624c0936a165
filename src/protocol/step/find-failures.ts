import type { TenantConfig } from '../../config/config.js';
import { EXIT, problemOf, type Problem } from '../../errors.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { rollbackQuietly } from '../../postgres/transaction.js';
import { startBudget, type Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { runFor } from '../shard/run-tenant.js';
import { tenantSubject } from '../shard/subject.js';
import { verifyFor } from '../shard/verify.js';
import { watched } from '../lane/watched.js';

/**
 * Finds all tenants in which a migration fails, each with its error: the batch once more, with a savepoint per
 * tenant, and rolled back whatever comes out. Nothing of it is recorded, on no veneer anything happens. An error
 * that is nobody's own (a lost connection, a budget that is used up) ends the search: what was found until then is answered.
 */
export async function findFailures(lane: Lane, planned: PlannedStep): Promise<Problem[]> {
  const budget = startBudget(lane.run.config.rollout);
  const failures: Problem[] = [];
  const session = await lane.session(lane.shard.name);
  try {
    await session.freshen();
    await watched(lane, budget, async () => {
      await session.run(['BEGIN', ...budget.limits(session)].join('; '));
      for (const tenant of planned.tenants)
        failures.push(...(await tryTenant(session, planned, tenant, budget)));
    });
    return failures;
  } catch (error) {
    if (problemOf(error).exitCode === EXIT.interrupted) throw error;
    return failures;
  } finally {
    await rollbackQuietly(session);
  }
}

/** The failure of one tenant, if it has one, behind a savepoint of its own in the open transaction. */
export async function tryTenant(
  session: Session,
  { migration }: PlannedStep,
  tenant: TenantConfig,
  budget: Budget,
): Promise<Problem[]> {
  await session.run('SAVEPOINT pgveneer_tenant');
  try {
    const subject = tenantSubject(tenant);
    await runFor(session, migration, subject, budget);
    await verifyFor(session, migration, subject);
    await session.run('SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT pgveneer_tenant');
    return [];
  } catch (error) {
    const problem = problemOf(error);
    const isBudgets = isState(error, SQLSTATE.queryCanceled) && budget.isUsedUp();
    if (problem.where?.tenant !== tenant.name || isBudgets) throw error;
    await session.run('ROLLBACK TO SAVEPOINT pgveneer_tenant');
    return [problem];
  }
}
