import { EXIT, problemOf, type Problem } from '../../errors.js';
import { askTemporarySchema, noteTemporarySchema } from '../../postgres/temporary-schema.js';
import type { Step, StepPart } from '../group/group.js';
import { runWithoutTransaction } from './no-transaction-tenant.js';
import { whileWatching } from './no-transaction-watch.js';
import type { Run } from '../run/run.js';
import type { StepEnd } from '../step/step.js';

/**
 * A step whose migration runs without a transaction (PROTOCOL section 9): on one shard, tenant after tenant, each
 * done before the next begins. No veneer takes part, since nothing that one shows can change. Never throws.
 */
export async function runStepWithoutTransaction(run: Run, { id, parts }: Step): Promise<StepEnd> {
  const [part, ...others] = parts;
  if (part === undefined || others.length > 0)
    throw new Error('a step without a transaction is of one shard');
  const start = performance.now();
  const done: string[] = [];
  let attempts = 1;
  try {
    for (const tenant of part.planned.tenants) {
      attempts = Math.max(attempts, await runTenant(run, id, part, tenant));
      part.onPhase('running', done.push(tenant.name));
    }
    return {
      kind: 'committed',
      attempts,
      result: {
        ending: { kind: 'committed', lost: [], behind: [] },
        cause: null,
        closed: Promise.resolve(true),
        ms: Math.round(performance.now() - start),
        protocol: 'no transaction',
        locks: [],
        windowMs: null,
        shards: [],
        statements: new Map(),
        writes: new Map(),
      },
    };
  } catch (error) {
    return endOf(part, problemOf(error), done, attempts);
  }
}

async function runTenant(
  run: Run,
  step: string,
  { lane, planned: { migration, direction }, onPhase }: StepPart,
  tenant: StepPart['planned']['tenants'][number],
): Promise<number> {
  const session = await lane.session(lane.shard.name);
  const statements = migration.body.kind === 'static' ? migration.body.statements : [];
  const onRetry = (why: string): void => onPhase('retrying', undefined, why);
  const work = { run, session, step, migration, direction, statements, tenant, appliedBy: run.who, onRetry };
  try {
    const attempts = await whileWatching(lane, session, () => runWithoutTransaction(work));
    // It is done, whatever becomes of this.
    await askTemporarySchema(session).catch(() => noteTemporarySchema(session, true));
    return attempts;
  } catch (error) {
    // Not known: it is used for nothing more.
    noteTemporarySchema(session, true);
    throw error;
  }
}

/** Tenants that are done stay done: then part of the fleet is ahead. */
function endOf(part: StepPart, error: Problem, done: readonly string[], attempts: number): StepEnd {
  const ahead = done.length > 0 && error.exitCode === EXIT.failed;
  const detail = [error.detail, tenantsText(part, done)].filter(Boolean).join('\n');
  const problem: Problem = {
    ...error,
    ...(ahead ? { exitCode: EXIT.partial } : {}),
    ...(detail === '' ? {} : { detail }),
  };
  const interrupted = error.exitCode === EXIT.interrupted;
  const own = error.where?.tenant !== undefined && error.exitCode === EXIT.failed;
  return {
    kind: interrupted ? 'interrupted' : 'failed',
    problem,
    failures: own ? [problem] : [],
    attempts,
  };
}

function tenantsText({ planned: { tenants } }: StepPart, done: readonly string[]): string {
  const names = tenants.map(({ name }) => name);
  const notBegun = names.slice(done.length + 1);
  return [
    done.length === 0 ? '' : `done for ${listed(done)}`,
    notBegun.length === 0 ? '' : `not begun for ${listed(notBegun)}`,
  ]
    .filter(Boolean)
    .join('; ');
}

const listed = (names: readonly string[]): string =>
  names.slice(0, 5).join(', ') + (names.length > 5 ? ` and ${names.length - 5} more` : '');
