import type { Config } from '../../config/config.js';
import type { FleetSource } from '../../config/load/load-config.js';
import { EXIT, problemOf, type Problem } from '../../errors.js';
import { addressOf, findMember } from '../../fleet/member.js';
import { readServers } from '../../catalog/relations/read-servers.js';
import { readLeftTypes } from '../../catalog/types/read-left-types.js';
import { entriesOf, readLedger } from '../../migrations/ledger/ledger.js';
import { ident } from '../../postgres/identifiers.js';
import { withSession, type Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { lockShown, markDropped } from '../../protocol/tenants/drop-tenants.js';
import { anchorOf, type Run } from '../../protocol/run/run.js';
import { journalMember } from '../../protocol/run/journal-member.js';
import type { StepEnd } from '../../protocol/step/step.js';
import {
  dropDatabase,
  findDatabase,
  homeOf,
  readConnected,
  withServer,
  type FoundDatabase,
  type Home,
} from '../../protocol/tenants/tenant-database.js';
import type { TenantReport } from '../../report/tenant.js';
import { dropType } from '../../veneer/types/reconcile-types.js';
import { plain } from '../../veneer/servers.js';
import type { CommandContext } from '../common/context.js';
import { replaceFile, withTenants } from './fleet-file.js';
import { obstaclesTo } from '../common/obstacles.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { settledText } from '../common/settled.js';
import { tenantRows } from '../setup/setup-state.js';
import { serverDrops } from './tenant-server.js';
import {
  consent,
  dropReport,
  listAgain,
  severalHomes,
  unknownTenant,
  type DropTask,
} from './tenant-drop-task.js';
import { readDatabaseHoldings } from './tenant-holdings.js';
import { emptySchemas, ownSchemasOn, runTenantStep, stateAfter } from './tenant-step.js';

/**
 * Drops a tenant that is a database: first, in one step, all that veneers show of it, with its ledger; then the database,
 * which is dropped by itself and is refused by PostgreSQL while somebody is connected. In this order nobody reads through a
 * veneer what is no more, and what is left in between is a database that says of itself what it is: see database-mark.ts.
 */
export async function dropDatabaseTenant(task: DropTask, context: CommandContext): Promise<TenantReport> {
  const members = asMember(task);
  if (task.options.dryRun)
    return withReaders(members, context, async ({ sessionOf }) => {
      const notices = await readDatabaseHoldings(sessionOf(task.shard.name), task.tenant);
      const problems = await withServer(
        { config: members, applicationName: `pgv reading ${context.who}` },
        task.shard.key,
        async (server) => obstaclesOf(task, homeOf(task.shard, server), server),
      );
      return dropReport(task, 'to drop', { problems, notices });
    });
  return withRecordedRun(members, { ...context, command: 'tenant drop' }, (run) =>
    withServer(run, task.shard.key, (server) => runDrop(task, run, server, context)),
  );
}

/** The fleet as the run begins with it: one that is not listed is a member, and none of its tenants. */
function asMember({ with: config, without, isListed, shard }: DropTask): Config {
  if (isListed) return config;
  const others = without.config.unlisted.filter(({ name }) => name !== shard.name);
  return { ...without.config, unlisted: [...others, shard] };
}

/** The fleet as it is with the tenant, in the order of the members that it begins with. */
const asTenant = ({ with: config, without, isListed, shard }: DropTask): Config =>
  isListed ? config : { ...without.config, shards: [...without.config.shards, shard], unlisted: [] };

/** The shard on which a database says that it is this tenant's: by the mark that a step left, or by its ledger. */
export async function homeByDatabase(
  source: FleetSource,
  config: Config,
  tenant: string,
  { who }: CommandContext,
): Promise<string> {
  const homes: string[] = [];
  for (const key of config.servers.keys()) {
    const edited = withTenants(source, config, key, [tenant]).config;
    if (await isTenantOf(edited, `${key}/${tenant}`, who)) homes.push(key);
  }
  const [home, second] = homes;
  if (home === undefined) throw unknownTenant(tenant);
  if (second !== undefined) throw severalHomes(tenant, homes);
  return home;
}

async function isTenantOf(config: Config, name: string, who: string): Promise<boolean> {
  const member = findMember(config, name);
  const { shard } = member ?? {};
  if (member === undefined || !shard) return false;
  const applicationName = `pgv reading ${who}`;
  return withServer({ config, applicationName }, shard.key, async (server) => {
    const found = await findDatabase(server, homeOf(shard, server));
    if (found === null || found.mark !== null) return found?.mark?.fleet === config.fleet;
    return withSession({ ...addressOf(member), applicationName }, async (session) =>
      entriesOf((await readLedger(session)) ?? [], 'tenant').has(shard.tenants[0]?.name ?? ''),
    );
  });
}

/** What forbids to drop it, seen before anything is done. */
async function obstaclesOf(
  { with: config, without, tenant, shard }: DropTask,
  home: Home,
  server: Session,
): Promise<Problem[]> {
  const common = { exitCode: EXIT.failed, where: { member: shard.name, tenant: tenant.name } };
  if (config.veneers.length === 0 && journalMember(config) === shard.name && without.config.shards.length > 0)
    return [
      {
        ...common,
        message: `without veneers the first database of the fleet keeps its journal, and that is ${shard.name}`,
        hint: 'drop the others first, or give the fleet another first tenant while nothing is in doubt',
      },
    ];
  const found = await findDatabase(server, home);
  if (found === null)
    return [
      { ...common, message: `${shard.key} has no database ${home.database}`, hint: 'migrate tenant list' },
    ];
  const [row] = await server.query<{ owns: boolean }>(
    `SELECT pg_has_role(u.oid, d.datdba, 'USAGE') AS owns FROM pg_database d, pg_roles u
      WHERE d.datname = $1 AND u.rolname = $2`,
    [home.database, home.owner],
  );
  if (row?.owns === true) return [];
  return [
    {
      ...common,
      message: `database ${home.database} is owned by ${found.owner}: ${home.owner}, who works there, cannot drop it`,
      hint: `have a superuser run there: ALTER DATABASE ${ident(home.database)} OWNER TO ${ident(home.owner)}; then run the same command again`,
    },
  ];
}

async function runDrop(
  task: DropTask,
  run: RecordedRun,
  server: Session,
  { confirm }: CommandContext,
): Promise<TenantReport> {
  const { shard, tenant, options, without, source } = task;
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const home = homeOf(shard, server);
  const obstacles = [...obstaclesTo(run, [shard], settled), ...(await obstaclesOf(task, home, server))];
  if (obstacles.length > 0) return dropReport(task, 'not started', { problems: obstacles, notices });
  const lines = await readDatabaseHoldings(anchorOf(run, shard.name), tenant);
  if (!options.yes) await consent(options.name, lines, confirm);
  if (without.text !== null)
    await replaceFile(source, { before: source.text, text: without.text }, 'as they were');
  await run.at('after unlisting');
  const kept: string[] = [];
  const isShown = await needsStep(task, run, await findDatabase(server, home));
  const end = isShown ? await hideStep(task, { ...run, config: asTenant(task) }, kept) : null;
  if (end !== null && end.kind !== 'committed') {
    const problems = [end.problem, ...(await listAgain(task, end))];
    return dropReport(task, stateAfter(end, 'dropped'), { problems, notices });
  }
  const problem = await dropLast(task, run, server, home);
  return dropReport(task, problem === null ? 'dropped' : 'not shown', {
    problems: problem === null ? [] : [problem],
    notices: [...notices, ...kept],
  });
}

/** Not where a step before has done it: its mark came with the commit, unless somebody has set the tenant up again since. */
async function needsStep(
  { isListed, shard, with: { veneers } }: DropTask,
  run: Run,
  found: FoundDatabase | null,
): Promise<boolean> {
  if (isListed || found?.mark?.kind !== 'dropped') return true;
  for (const { name } of veneers)
    if ((await readServers(anchorOf(run, name), [shard.server.name])).length > 0) return true;
  return false;
}

/** Takes from the veneers all that they show of the tenant. */
function hideStep(task: DropTask, run: RecordedRun, kept: string[]): Promise<StepEnd> {
  const { shard, tenant, without } = task;
  const tenants = [tenant];
  const veneers = task.with.veneers.map(({ name }) => name);
  const schemas = ownSchemasOn(run.config, shard, tenants);
  const gone = { ...without.config, unlisted: [] };
  return runTenantStep(run, { what: 'tenant drop', places: [{ shard, tenants }] }, () => ({
    first: lockShown,
    onShard: (member, budget) => markDropped(member, { tenants, veneers }, budget),
    before: async () => [],
    after: [
      async (veneer) =>
        (await readLeftTypes(veneer, schemas)).flatMap((type) => dropType(type, type).statements).map(plain),
      async (veneer) => (await serverDrops(veneer, shard.server.name)).map(plain),
      async (veneer) => {
        const empty = await emptySchemas(veneer, schemas);
        for (const schema of empty.kept)
          kept.push(`${veneer.member}: schema ${schema} holds something besides, and stays`);
        return [...empty.drops, ...(await tenantRows(gone, veneer, [tenant.name]))].map(plain);
      },
    ],
  }));
}

/** The end of it, behind the commit. Answers why the database is still there. */
async function dropLast(
  { shard, tenant }: DropTask,
  run: Run,
  server: Session,
  home: Home,
): Promise<Problem | null> {
  try {
    await dropDatabase(run, server, home);
    return null;
  } catch (error) {
    const { hint: _hint, ...problem } = problemOf(error);
    const again = `migrate tenant drop ${tenant.name} --shard ${shard.key} --yes`;
    const common = { exitCode: EXIT.partial, where: { member: shard.name, tenant: tenant.name } };
    const message = `no veneer shows ${tenant.name} any more, but its database ${home.database} is still there`;
    if (!isState(error, SQLSTATE.objectInUse))
      return { ...problem, ...common, message: `${message}: ${problem.message}`, hint: `then ${again}` };
    const connected = await readConnected(server, home);
    const lines = connected.map(
      ({ pid, user, name }) => `pid ${pid}, user ${user ?? '?'}, ${name || 'no application_name'}`,
    );
    return {
      ...problem,
      ...common,
      message: `${message}: others are connected to it`,
      detail: [problem.detail, ...lines].filter(Boolean).join('\n'),
      hint: `end these sessions (an application that has read it through a veneer keeps one until its own session ends); then the same command finishes it: ${again}`,
    };
  }
}
