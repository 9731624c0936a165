import type { Config } from '../../config/config.js';
import { EXIT, VeneerError, type Problem } from '../../errors.js';
import { readLedger, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import type { Session } from '../../postgres/session.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { anchorOf } from '../../protocol/run/run.js';
import { withServer } from '../../protocol/tenants/tenant-database.js';
import type { TenantReport } from '../../report/tenant.js';
import type { CommandContext } from '../common/context.js';
import { readLedgers, setUpFirst } from '../common/ledgers.js';
import { inDoubtText, makeAll, takeAllBack, type Making } from './make-databases.js';
import { obstaclesTo } from '../common/obstacles.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { settledText } from '../common/settled.js';
import {
  addReport,
  decideAdding,
  listAdded,
  plannedAdding,
  stillUnlisted,
  withoutTenants,
  type AddTask,
} from './tenant-add-task.js';
import { lackingOnVeneers, planHomes, type PlannedHome } from './tenant-homes.js';
import { readLike, type LikeFacts, type LikeInput } from './tenant-like.js';
import { stateAfter } from './tenant-step.js';

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
      const { decided, homes, problems, notices } = await withServer(
        { config: members, applicationName: `pgv reading ${context.who}` },
        keyOf(task),
        async (server) => {
          const obstacles = [
            ...task.homes.flatMap(({ name }) => unreachable.get(name) ?? []).filter(isObstacle),
            ...[unreachable.get(task.like?.shard.name ?? '') ?? []].flat(),
          ];
          if (obstacles.length > 0) return { ...NOTHING, problems: obstacles };
          return decide(task, { server, sessions, sessionOf });
        },
      );
      const veneers = members.veneers.map(({ name }) => name).filter((name) => !unreachable.has(name));
      return plannedAdding(
        task,
        { ...decided, problems },
        { before: await setUpFirst(veneers, sessionOf), notices: [...homes.map(homeText), ...notices] },
      );
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

interface AddPlan extends Omit<Making, 'server'> {
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

const NOTHING: AddPlan = {
  decided: { migrations: [], missing: [], steps: new Map(), problems: [] },
  homes: [],
  sibling: null,
  problems: [],
  notices: [],
};

async function decide(task: AddTask, { server, sessions, sessionOf }: Sources): Promise<AddPlan> {
  const { config, homes } = task;
  const absent = task.options.dryRun ? 'allow' : 'refuse';
  const ledgers: [string, readonly LedgerGroup[]][] = [
    ...(await readLedgers(config, [], sessionOf, { absent })),
  ];
  for (const { name } of homes) {
    const session = sessions.get(name);
    ledgers.push([name, session === undefined ? [] : ((await readLedger(session)) ?? [])]);
  }
  const decided = await decideAdding(task, new Map(ledgers));
  if (decided.missing.length === 0 || decided.problems.length > 0)
    return { ...NOTHING, decided, problems: decided.problems };
  const facts = await readSibling(task, { decided, ledgers: new Map(ledgers), sessionOf });
  const shards = decided.missing.map(({ shard }) => shard);
  const plan = await planHomes(config, shards, server, ({ name }) => sessionOf(name));
  return {
    ...facts,
    decided: task.like === null ? decided : withoutTenants(decided),
    homes: plan.homes,
    problems: [...facts.problems, ...plan.problems, ...(await lackingOnVeneers(config, sessionOf))],
  };
}

async function readSibling(
  { config, like }: AddTask,
  { decided, ledgers, sessionOf }: Pick<LikeInput, 'decided' | 'ledgers'> & Pick<Sources, 'sessionOf'>,
): Promise<LikeFacts> {
  if (like === null) return { sibling: null, problems: [], notices: [] };
  return readLike({ config, like, decided, ledgers, session: sessionOf(like.shard.name) });
}

async function runAdd(task: AddTask, run: RecordedRun, server: Session): Promise<TenantReport> {
  const settled = await settleFirst(run);
  const before = settled.map(settledText);
  const obstacles = [
    ...obstaclesTo(run, task.homes, settled).filter(isObstacle),
    ...obstaclesTo(run, task.like === null ? [] : [task.like.shard], settled),
  ];
  if (obstacles.length > 0) return addReport(task, 'not started', { problems: obstacles, notices: before });
  const sessionOf = (member: string): Session => anchorOf(run, member);
  const plan = await decide(task, { server, sessions: run.anchors, sessionOf });
  const { decided, homes, problems } = plan;
  const notices = [...before, ...plan.notices];
  if (problems.length > 0) return addReport(task, 'not started', { problems, notices });
  const names = decided.missing.flatMap(({ tenants }) => tenants.map(({ name }) => name));
  const end = names.length === 0 ? null : await makeAll(task, run, { ...plan, server });
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
