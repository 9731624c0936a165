import type { ShardConfig } from '../../config/config.js';
import type { Session } from '../../postgres/session.js';
import { makeOnShard } from '../../protocol/tenants/add-tenants.js';
import type { Sibling } from '../../protocol/tenants/sibling.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { TenantReport } from '../../report/tenant.js';
import { plain } from '../../veneer/servers.js';
import type { CommandContext } from '../common/context.js';
import { readLedgers, setUpFirst } from '../common/ledgers.js';
import { obstaclesTo } from '../common/obstacles.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { schemaStatements } from '../setup/setup-shard.js';
import { tenantRows } from '../setup/setup-state.js';
import { schemasPlan } from '../setup/setup-veneer.js';
import { settledText } from '../common/settled.js';
import {
  addReport,
  decideAdding,
  listAdded,
  plannedAdding,
  stillUnlisted,
  type AddTask,
  type Decided,
} from './tenant-add-task.js';
import { readLike, siblingAt } from './tenant-like.js';
import { noSuchShard, runTenantStep, stateAfter } from './tenant-step.js';

/** Makes tenants that are schemas, on the one database of their shard. */
export async function addSchemas(task: AddTask, context: CommandContext): Promise<TenantReport> {
  const { config } = task.edited;
  if (task.options.dryRun)
    return withReaders(config, context, async ({ sessionOf }) => {
      const { decided, notices } = await decide(task, sessionOf);
      const members = [...config.veneers, ...task.homes].map(({ name }) => name);
      return plannedAdding(task, decided, { before: await setUpFirst(members, sessionOf), notices });
    });
  return withRecordedRun(config, { ...context, command: 'tenant add' }, (run) => runAdd(task, run));
}

/** What is decided, and whom the new tenants are made like; null: nobody, they run migrations. */
interface AddPlan {
  readonly decided: Decided;
  readonly sibling: Sibling | null;
  readonly notices: readonly string[];
}

async function decide(task: AddTask, sessionOf: (member: string) => Session): Promise<AddPlan> {
  const { edited, like } = task;
  const absent = task.options.dryRun ? 'allow' : 'refuse';
  const ledgers = await readLedgers(edited.config, task.homes, sessionOf, { absent });
  const decided = await decideAdding(task, ledgers);
  const [home] = task.homes;
  if (like === null || home === undefined || decided.missing.length === 0 || decided.problems.length > 0)
    return { decided, sibling: null, notices: [] };
  const facts = await readLike({
    config: edited.config,
    like,
    decided,
    ledgers,
    session: sessionOf(like.shard.name),
  });
  const sibling = facts.sibling === null ? null : siblingAt(facts.sibling, like, home);
  return { ...facts, sibling, decided: { ...decided, steps: new Map(), problems: facts.problems } };
}

async function runAdd(task: AddTask, run: RecordedRun): Promise<TenantReport> {
  const settled = await settleFirst(run);
  const before = settled.map(settledText);
  const involved = task.like === null ? task.homes : [...task.homes, task.like.shard];
  const obstacles = obstaclesTo(run, involved, settled);
  if (obstacles.length > 0) return addReport(task, 'not started', { problems: obstacles, notices: before });
  const plan = await decide(task, (member) => anchorOf(run, member));
  const { decided } = plan;
  const notices = [...before, ...plan.notices];
  if (decided.problems.length > 0) return addReport(task, 'not started', { ...decided, notices });
  const [place] = decided.missing;
  const end = place === undefined ? null : await addStep(task, run, plan);
  const state = end === null ? 'added' : stateAfter(end, 'added');
  const states = new Map(place?.tenants.map(({ name }) => [name, state] as const));
  if (end !== null && end.kind !== 'committed')
    return addReport(task, 'not started', { problems: [end.problem], notices, states });
  await run.at('before listing');
  const problems = await listAdded(task);
  return addReport(task, 'there already', {
    problems,
    notices: [...notices, ...stillUnlisted(task)],
    states,
  });
}

const addStep = (
  { edited: { config }, homes }: AddTask,
  run: RecordedRun,
  { decided: { missing, steps }, sibling }: AddPlan,
) => {
  const [shard] = homes;
  const tenants = missing.flatMap((place) => place.tenants);
  if (shard === undefined) throw noSuchShard(config, '');
  // What is looked at besides: the new tenants alone.
  const own: ShardConfig = { ...shard, tenants };
  const narrow = {
    ...config,
    shards: config.shards.map((one) => (one.name === shard.name ? own : { ...one, tenants: [] })),
  };
  return runTenantStep(run, { what: 'tenant add', places: [{ shard, tenants }] }, (step) => ({
    first: async () => undefined,
    onShard: (member, budget) =>
      makeOnShard(
        member,
        {
          step,
          tenants,
          steps: (steps.get(shard.name) ?? []).filter((planned) => planned.tenants.length > 0),
          sibling,
          furnish: (session) => schemaStatements(narrow, own, session),
          onTenant: (done) => member.part.onPhase('running', done),
        },
        budget,
      ),
    before: async (veneer) => (await schemasPlan(narrow, veneer)).map(plain),
    after: [async (veneer) => (await tenantRows(config, veneer)).map(plain)],
  }));
};
