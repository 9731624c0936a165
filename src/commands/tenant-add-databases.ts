import type { Config } from '../config/config.js';
import { EXIT, problemOf, textOf, VeneerError, type Problem } from '../errors.js';
import { readLedger, type LedgerGroup } from '../migrations/ledger.js';
import type { Session } from '../postgres/session.js';
import { SQLSTATE } from '../postgres/sqlstate.js';
import { makeOnShard } from '../protocol/tenants/add-tenants.js';
import { anchorOf, type Run } from '../protocol/run/run.js';
import type { StepEnd } from '../protocol/step/step.js';
import { makeDatabase, markMade, takeBack, withServer } from '../protocol/tenants/tenant-database.js';
import type { TenantReport } from '../report/tenant.js';
import { plain } from '../veneer/servers.js';
import type { CommandContext } from './context.js';
import { furnishDatabase } from './furnish-database.js';
import { readLedgers } from './ledgers.js';
import { obstaclesTo } from './obstacles.js';
import { withReaders } from './readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from './recorded-run.js';
import { tenantRows } from './setup-state.js';
import { schemasPlan, serversPlan } from './setup-veneer.js';
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
import { lackingOnVeneers, planHomes, type PlannedHome } from './tenant-homes.js';
import { runTenantStep, stateAfter } from './tenant-step.js';

/**
 * Makes tenants that are databases. CREATE DATABASE cannot be part of a step: it comes before, and is taken back where the
 * step is rolled back. Everything else is one step on the new databases and all veneers, so that a database is a tenant's as
 * a whole, or holds nothing.
 */
export async function addDatabases(task: AddTask, context: CommandContext): Promise<TenantReport> {
  const members = asMembers(task);
  refuseFirst(members);
  if (task.options.dryRun)
    return withReaders(members, context, async ({ sessions, sessionOf, unreachable }) => {
      const { decided, homes, problems } = await withServer(
        { config: members, applicationName: `pgv reading ${context.who}` },
        keyOf(task),
        async (server) => {
          const obstacles = task.homes.flatMap(({ name }) => unreachable.get(name) ?? []).filter(isObstacle);
          if (obstacles.length > 0) return { ...NOTHING, problems: obstacles };
          return decide(task, { server, sessions, sessionOf });
        },
      );
      return plannedAdding(task, { ...decided, problems }, homes.map(homeText));
    });
  return withRecordedRun(members, { ...context, command: 'tenant add' }, (run) =>
    withServer(run, keyOf(task), (server) => runAdd(task, run, server)),
  );
}

/** The fleet as the run begins with it: new databases are members, which may not be there yet, and are none of its tenants. */
function asMembers({ config, homes }: AddTask): Config {
  const unlisted = [...config.unlisted, ...homes].filter(
    ({ name }, index, all) =>
      config.shards.every((shard) => shard.name !== name) &&
      all.findIndex((one) => one.name === name) === index,
  );
  return { ...config, unlisted };
}

/** The fleet as it is with them, the new ones last: which member comes first, and keeps the journal, does not change. */
const asTenants = ({ config, homes }: AddTask): Config => ({
  ...config,
  unlisted: config.unlisted.filter(({ name }) => homes.every((home) => home.name !== name)),
  shards: [
    ...config.shards,
    ...homes.filter(({ name }) => config.shards.every((shard) => shard.name !== name)),
  ],
});

/** Throws (exit 20) where the fleet has no member yet. */
function refuseFirst({ veneers, shards }: Config): void {
  if (veneers.length > 0 || shards.length > 0) return;
  throw new VeneerError('a fleet without veneers keeps its journal in its first database, and has none yet', {
    exitCode: EXIT.failed,
    hint: 'CREATE DATABASE, list the tenant, then migrate setup and migrate up',
  });
}

const keyOf = ({ homes: [home] }: AddTask): string => home?.key ?? '';

const homeText = ({ is, database, owner, shard }: PlannedHome): string =>
  is === 'to make'
    ? `makes database ${database} on ${shard.key}, owned by ${owner}`
    : `takes database ${database} on ${shard.key}, which is empty`;

/** That a database is not there yet forbids nothing. */
const isObstacle = ({ sqlstate }: Problem): boolean => sqlstate !== SQLSTATE.undefinedDatabase;

interface Sources {
  readonly server: Session;
  readonly sessions: ReadonlyMap<string, Session>;
  readonly sessionOf: (member: string) => Session;
}

interface AddPlan {
  readonly decided: Decided;
  readonly homes: readonly PlannedHome[];
  readonly problems: readonly Problem[];
}

const NOTHING: AddPlan = {
  decided: { migrations: [], missing: [], steps: new Map(), problems: [] },
  homes: [],
  problems: [],
};

async function decide(task: AddTask, { server, sessions, sessionOf }: Sources): Promise<AddPlan> {
  const { config, homes } = task;
  const ledgers: [string, readonly LedgerGroup[]][] = [
    ...(await readLedgers(config, [], sessionOf, 'refuse')),
  ];
  for (const { name } of homes) {
    const session = sessions.get(name);
    ledgers.push([name, session === undefined ? [] : ((await readLedger(session)) ?? [])]);
  }
  const decided = await decideAdding(task, new Map(ledgers));
  if (decided.missing.length === 0 || decided.problems.length > 0)
    return { decided, homes: [], problems: decided.problems };
  const shards = decided.missing.map(({ shard }) => shard);
  const plan = await planHomes(config, shards, server, ({ name }) => sessionOf(name));
  return {
    decided,
    homes: plan.homes,
    problems: [...plan.problems, ...(await lackingOnVeneers(config, sessionOf))],
  };
}

async function runAdd(task: AddTask, run: RecordedRun, server: Session): Promise<TenantReport> {
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const obstacles = obstaclesTo(run, task.homes, settled).filter(isObstacle);
  if (obstacles.length > 0) return addReport(task, 'not started', { problems: obstacles, notices });
  const sessionOf = (member: string): Session => anchorOf(run, member);
  const { decided, homes, problems } = await decide(task, { server, sessions: run.anchors, sessionOf });
  if (problems.length > 0) return addReport(task, 'not started', { problems, notices });
  const names = decided.missing.flatMap(({ tenants }) => tenants.map(({ name }) => name));
  const end = names.length === 0 ? null : await make(task, run, { server, decided, homes });
  const state = end === null ? 'added' : stateAfter(end, 'added');
  const states = new Map(names.map((name) => [name, state] as const));
  if (end !== null && end.kind !== 'committed') {
    const left = end.kind === 'in doubt' ? [inDoubtText(homes)] : await takeAllBack(run, server, homes);
    return addReport(task, 'not started', {
      problems: [end.problem],
      notices: [...notices, ...left],
      states,
    });
  }
  await run.at('before listing');
  const unlisted = await listAdded(task);
  return addReport(task, 'there already', {
    problems: unlisted,
    notices: [...notices, ...stillUnlisted(task)],
    states,
  });
}

interface Making {
  readonly server: Session;
  readonly decided: Decided;
  readonly homes: readonly PlannedHome[];
}

/** Never throws: whatever stands in the way, what was made before it has to be taken back. */
async function make(task: AddTask, run: RecordedRun, making: Making): Promise<StepEnd> {
  try {
    for (const home of making.homes) await makeHome(run, making.server, home);
  } catch (error) {
    return { kind: 'failed', problem: problemOf(error), failures: [], attempts: 0 };
  }
  return addStep(task, { ...run, config: asTenants(task) }, making);
}

async function makeHome(run: Run, server: Session, home: PlannedHome): Promise<void> {
  if (home.is === 'there') return;
  if (home.is === 'left by a run') return markMade(run, server, home);
  await makeDatabase(run, server, home);
  await run.admit(home.shard.name);
}

async function takeAllBack(
  run: Run,
  server: Session,
  homes: readonly PlannedHome[],
): Promise<readonly string[]> {
  const left: string[] = [];
  for (const home of homes.filter(({ is }) => is !== 'there')) {
    const why = await takeBack(run, server, home).catch(
      (error: unknown) =>
        `database ${home.database} may be left on ${home.shard.key}: ${textOf(error)}; the same command takes it where it is empty`,
    );
    if (why !== null) left.push(why);
  }
  return left;
}

const inDoubtText = (homes: readonly PlannedHome[]): string =>
  `${homes.map(({ database }) => database).join(', ')}: left as it is, since its step is in doubt; once that is settled the same command goes on`;

function addStep(
  { homes }: AddTask,
  run: RecordedRun,
  { decided, homes: planned }: Making,
): Promise<StepEnd> {
  const { config } = run;
  const narrow = {
    ...config,
    shards: config.shards.filter(({ name }) => homes.some((home) => home.name === name)),
  };
  const { missing: places, steps } = decided;
  return runTenantStep(run, { what: 'tenant add', places }, (step) => ({
    first: async () => undefined,
    onShard: (member, budget) => {
      const { shard } = member.part.lane;
      const home = planned.find((one) => one.shard.name === shard.name);
      const isNew = home?.is === 'to make';
      return makeOnShard(
        member,
        {
          step,
          tenants: member.part.planned.tenants,
          steps: steps.get(shard.name) ?? [],
          sibling: null,
          furnish: (session) => furnishDatabase(config, shard, session, isNew),
          onTenant: (done) => member.part.onPhase('running', done),
        },
        budget,
      );
    },
    before: async (veneer) => [
      ...(await serversPlan(narrow, veneer, new Set())).statements,
      ...(await schemasPlan(narrow, veneer)).map(plain),
    ],
    after: [async (veneer) => (await tenantRows(config, veneer)).map(plain)],
  }));
}
