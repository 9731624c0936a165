import type { Config, ShardConfig } from '../../config/config.js';
import { problemOf } from '../../errors.js';
import { allMembers, type Member } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import { inTransaction } from '../../postgres/transaction.js';
import { anchorOf, type Run } from '../../protocol/run/run.js';
import type { SetupMember, SetupReport } from '../../report/reports.js';
import type { CommandContext } from '../common/context.js';
import { boundsProblems, readChangedBounds } from './changed-bounds.js';
import { missingHome } from './missing-home.js';
import { EMPTY, lackedBy, type MemberPlan } from './setup-plan.js';
import { planMember } from './setup-member.js';
import { outcome, rightsProblem, setupProblem, withGranted, withRefused } from './setup-outcome.js';
import { setupReport } from './setup-report.js';
import { planShard } from './setup-shard.js';
import { tryMappings, untriedNotices, type MappingsTried } from './try-mappings.js';
import { withReaders } from '../common/readers.js';
import { lockStepNotices } from '../common/lock-step-notice.js';
import { settleFirst, withRecordedRun } from '../common/recorded-run.js';

export interface SetupOptions {
  readonly dryRun: boolean;
}

/**
 * Makes the fleet ready: extension, servers, user mappings, schemas, grants and our state tables. Idempotent; what
 * changed in shards.yaml is altered, nothing is dropped. Each member is one transaction; one in both roles
 * has another before it, for its grants.
 */
export async function setup(
  config: Config,
  options: SetupOptions,
  context: CommandContext,
): Promise<SetupReport> {
  if (options.dryRun) {
    return withReaders(config, context, async (readers) => {
      const known = (member: string): Session | undefined => readers.sessions.get(member);
      const tried = await tryMappings(config, context.who, (shard) => known(shard) !== undefined);
      const members = await setupMembers({ config, sessionOf: readers.sessionOf, tried, run: null });
      const notices = [...untriedNotices(tried), ...lockStepNotices(config, known)];
      return setupReport(config, options, members, { settled: [], notices });
    });
  }
  return withRecordedRun(config, { ...context, command: 'setup' }, async (run) => {
    // What is prepared holds locks that setup's own statements would wait for.
    const settled = await settleFirst(run);
    const known = (member: string): Session | undefined => run.anchors.get(member);
    const tried = await tryMappings(config, context.who, (shard) => known(shard) !== undefined);
    const sessionOf = (member: string): Session => anchorOf(run, member);
    const members = await setupMembers({ config, sessionOf, tried, run });
    const notices = [...untriedNotices(tried), ...lockStepNotices(config, known)];
    return setupReport(config, options, await withBounds(run, members), { settled, notices });
  });
}

/**
 * Shards first: a veneer's definitions are of use only when what they show is there, and a user mapping may lead to another
 * user only when that one may there what the old one might. So where a shard failed, its mappings stay as they are, and go on
 * to work; what there is none of yet is made all the same.
 */
async function setupMembers({ config, sessionOf, tried, run }: Fleet): Promise<SetupMember[]> {
  const results: SetupMember[] = [];
  // What is on its way in or out is made, or taken away, by the step that it takes part in.
  const members = allMembers({ ...config, unlisted: [] }).toSorted(
    (a, b) => Number(a.veneer !== null) - Number(b.veneer !== null),
  );
  const granted =
    run === null ? new Map<string, MemberPlan | null>() : await grantInMesh(config, members, sessionOf);
  const early = [...granted].filter(([, plan]) => plan === null).map(([name]) => name);
  for (const member of members) {
    const stopped = run?.signal.aborted === true;
    const failed = results.filter(({ problem }) => problem !== null).map((one) => one.member);
    const unready = new Set([...early, ...failed, ...tried.refused.keys()]);
    const own = stopped
      ? outcome(member, 'not started')
      : await setupMember({ config, sessionOf, run, unready }, member);
    const all = withGranted(own, granted.get(member.name)?.statements ?? []);
    results.push(withRefused(all, tried.refused.get(member.name)));
  }
  return results;
}

interface Fleet {
  readonly config: Config;
  readonly sessionOf: (member: string) => Session;
  readonly tried: MappingsTried;
  /** Null: it is told what would be done. */
  readonly run: Run | null;
}

/** What is right but for bounds that shards.yaml has changed since, which setup cannot alter. */
async function withBounds(run: Run, members: readonly SetupMember[]): Promise<SetupMember[]> {
  const looked: SetupMember[] = [];
  for (const member of members) {
    const isVeneer = run.config.veneers.some(({ name }) => name === member.member);
    const isWhole = member.problem === null && member.state !== 'not started';
    const [problem = null] =
      isVeneer && isWhole
        ? boundsProblems(await readChangedBounds(run.config, anchorOf(run, member.member)))
        : [];
    looked.push(problem === null ? member : { ...member, state: 'failed', problem });
  }
  return looked;
}

/**
 * A member in both roles is shard and veneer in one transaction, and each of them is shown by the next: so what is to be
 * granted there comes first on all of them, and then the mappings that need it. By member; null: not all could be granted,
 * which its own turn tells.
 */
async function grantInMesh(
  config: Config,
  members: readonly Member[],
  sessionOf: (member: string) => Session,
): Promise<ReadonlyMap<string, MemberPlan | null>> {
  const granted = new Map<string, MemberPlan | null>();
  for (const { name, shard, veneer } of members) {
    if (shard === null || veneer === null) continue;
    granted.set(name, await grantOn(config, shard, () => sessionOf(name)).catch(() => null));
  }
  return granted;
}

async function grantOn(
  config: Config,
  shard: ShardConfig,
  sessionOf: () => Session,
): Promise<MemberPlan | null> {
  const plan = await planShard(config, shard, sessionOf());
  if (lackedBy(plan).length > 0) return null;
  if (plan.statements.length > 0) await execute(sessionOf(), plan, config.rollout.lockWaitMs);
  return plan;
}

interface Place extends Pick<Fleet, 'config' | 'sessionOf' | 'run'> {
  /** Shards on which setup failed. */
  readonly unready: ReadonlySet<string>;
}

async function setupMember({ config, sessionOf, run, unready }: Place, member: Member): Promise<SetupMember> {
  let plan: MemberPlan | null = null;
  try {
    const session = sessionOf(member.name);
    plan = await planMember(config, member, session, unready);
    const lacked = lackedBy(plan);
    if (plan.statements.length === 0 && lacked.length === 0) return outcome(member, 'nothing to do', plan);
    if (run === null) return outcome(member, 'planned', plan);
    if (lacked.length > 0)
      return outcome(member, 'failed', { ...EMPTY, forSuperuser: lacked }, rightsProblem(member, lacked));
    await execute(session, plan, config.rollout.lockWaitMs);
    return outcome(member, 'done', plan);
  } catch (error) {
    const forSuperuser = plan === null ? missingHome(member, problemOf(error)) : [];
    if (forSuperuser.length === 0) return outcome(member, 'failed', plan, setupProblem(error));
    const problem = { ...problemOf(error), hint: rightsProblem(member, forSuperuser).hint };
    return outcome(member, 'failed', { ...EMPTY, forSuperuser }, problem);
  }
}

/** One transaction, which waits for no lock longer than a step may. */
async function execute(session: Session, { statements }: MemberPlan, lockWaitMs: number): Promise<void> {
  const limit = `SET LOCAL lock_timeout = ${lockWaitMs}`;
  await inTransaction(session, async () => {
    await session.run([limit, ...statements.map(({ sql }) => sql)].join(';\n'));
  });
}
