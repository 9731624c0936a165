import type { ShardConfig } from '../config/config.js';
import type { Session } from '../postgres/session.js';
import { makeOnShard } from '../protocol/add-tenants.js';
import { anchorOf } from '../protocol/run.js';
import type { TenantReport } from '../report/tenant.js';
import { plain } from '../veneer/servers.js';
import type { CommandContext } from './context.js';
import { readLedgers } from './ledgers.js';
import { obstaclesTo } from './obstacles.js';
import { withReaders } from './readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from './recorded-run.js';
import { schemaStatements } from './setup-shard.js';
import { tenantRows } from './setup-state.js';
import { schemasPlan } from './setup-veneer.js';
import { settledText } from './settled.js';
import {
  addReport,
  decideAdding,
  listAdded,
  plannedAdding,
  stillUnlisted,
  type AddTask,
  type Decided,
} from './tenant-add-task.js';
import { noSuchShard, runTenantStep, stateAfter } from './tenant-step.js';

/** Makes tenants that are schemas, on the one database of their shard. */
export async function addSchemas(task: AddTask, context: CommandContext): Promise<TenantReport> {
  const { config } = task.edited;
  if (task.options.dryRun)
    return withReaders(config, context, async ({ sessionOf }) =>
      plannedAdding(task, await decide(task, sessionOf)),
    );
  return withRecordedRun(config, { ...context, command: 'tenant add' }, (run) => runAdd(task, run));
}

async function decide(task: AddTask, sessionOf: (member: string) => Session): Promise<Decided> {
  const { edited, homes } = task;
  return decideAdding(task, await readLedgers(edited.config, homes, sessionOf, 'refuse'));
}

async function runAdd(task: AddTask, run: RecordedRun): Promise<TenantReport> {
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const obstacles = obstaclesTo(run, task.homes, settled);
  if (obstacles.length > 0) return addReport(task, 'not started', { problems: obstacles, notices });
  const decided = await decide(task, (member) => anchorOf(run, member));
  if (decided.problems.length > 0) return addReport(task, 'not started', { ...decided, notices });
  const [place] = decided.missing;
  const end = place === undefined ? null : await addStep(task, run, decided);
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

const addStep = ({ edited: { config }, homes }: AddTask, run: RecordedRun, { missing, steps }: Decided) => {
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
          furnish: (session) => schemaStatements(narrow, own, session),
          onTenant: (done) => member.part.onPhase('running', done),
        },
        budget,
      ),
    before: async (veneer) => (await schemasPlan(narrow, veneer)).map(plain),
    after: [async (veneer) => (await tenantRows(config, veneer)).map(plain)],
  }));
};
