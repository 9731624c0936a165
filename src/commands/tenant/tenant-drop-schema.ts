import type { Config } from '../../config/config.js';
import { entriesOf } from '../../migrations/ledger/ledger.js';
import type { Session } from '../../postgres/session.js';
import { dropOnShard, lockShown } from '../../protocol/tenants/drop-tenants.js';
import { anchorOf } from '../../protocol/run/run.js';
import type { StepEnd } from '../../protocol/step/step.js';
import type { TenantReport } from '../../report/tenant.js';
import { plain } from '../../veneer/servers.js';
import type { CommandContext } from '../common/context.js';
import { replaceFile } from './fleet-file.js';
import { readLedgers } from '../common/ledgers.js';
import { obstaclesTo } from '../common/obstacles.js';
import { withReaders } from '../common/readers.js';
import { settleFirst, withRecordedRun, type RecordedRun } from '../common/recorded-run.js';
import { settledText } from '../common/settled.js';
import { tenantRows } from '../setup/setup-state.js';
import {
  consent,
  dropReport,
  listAgain,
  severalHomes,
  unknownTenant,
  type DropTask,
} from './tenant-drop-task.js';
import { readHoldings } from './tenant-holdings.js';
import { emptySchemas, ownSchemasOn, runTenantStep, stateAfter } from './tenant-step.js';

/** Drops a tenant that is a schema. */
export async function dropSchemaTenant(task: DropTask, context: CommandContext): Promise<TenantReport> {
  if (task.options.dryRun)
    return withReaders(task.with, context, async ({ sessionOf }) =>
      dropReport(task, 'to drop', { problems: [], notices: await holdings(task, sessionOf) }),
    );
  return withRecordedRun(task.with, { ...context, command: 'tenant drop' }, (run) =>
    runDrop(task, run, context),
  );
}

/** The shard whose ledger knows a tenant that nothing lists. Throws where none or several do. */
export async function homeByLedger(config: Config, name: string, context: CommandContext): Promise<string> {
  return withReaders(config, context, async ({ sessionOf }) => {
    const ledgers = await readLedgers(config, config.shards, sessionOf, { absent: 'allow' });
    const homes = config.shards.filter((shard) =>
      entriesOf(ledgers.get(shard.name) ?? [], 'tenant').has(name),
    );
    const [home, second] = homes;
    if (home === undefined) throw unknownTenant(name);
    if (second !== undefined)
      throw severalHomes(
        name,
        homes.map((one) => one.name),
      );
    return home.name;
  });
}

async function runDrop(task: DropTask, run: RecordedRun, { confirm }: CommandContext): Promise<TenantReport> {
  const { shard, options, without, source } = task;
  const settled = await settleFirst(run);
  const notices = settled.map(settledText);
  const obstacles = obstaclesTo(run, [shard], settled);
  if (obstacles.length > 0) return dropReport(task, 'not started', { problems: obstacles, notices });
  const lines = await holdings(task, (member) => anchorOf(run, member));
  if (!options.yes) await consent(options.name, lines, confirm);
  if (without.text !== null)
    await replaceFile(source, { before: source.text, text: without.text }, 'as they were');
  await run.at('after unlisting');
  const kept: string[] = [];
  const end = await dropStep(task, run, kept);
  const state = stateAfter(end, 'dropped');
  if (end.kind === 'committed')
    return dropReport(task, state, { problems: [], notices: [...notices, ...kept] });
  const problems = [end.problem, ...(await listAgain(task, end))];
  return dropReport(task, state, { problems, notices });
}

const holdings = async (
  { shard, tenant }: DropTask,
  sessionOf: (member: string) => Session,
): Promise<readonly string[]> => readHoldings(sessionOf(shard.name), tenant);

function dropStep(task: DropTask, run: RecordedRun, kept: string[]): Promise<StepEnd> {
  const { shard, tenant, without } = task;
  const tenants = [tenant];
  const veneers = task.with.veneers.map(({ name }) => name);
  const schemas = ownSchemasOn(task.with, shard, tenants);
  return runTenantStep(run, { what: 'tenant drop', places: [{ shard, tenants }] }, () => ({
    first: lockShown,
    onShard: (member, budget) => dropOnShard(member, { tenants, veneers }, budget),
    before: async () => [],
    after: [
      async (veneer) => {
        const shows = veneer.member !== shard.name;
        const empty = shows ? await emptySchemas(veneer, schemas) : { drops: [], kept: [] };
        for (const schema of empty.kept)
          kept.push(`${veneer.member}: schema ${schema} holds something besides, and stays`);
        return [...empty.drops, ...(await tenantRows(without.config, veneer))].map(plain);
      },
    ],
  }));
}
