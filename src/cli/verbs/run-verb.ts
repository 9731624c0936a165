import path from 'node:path';
import type { CommandContext } from '../../commands/common/context.js';
import type { Config } from '../../config/config.js';
import type { FleetSource } from '../../config/load/load-config.js';
import type { Report } from '../../report/reports.js';
import type { Flags } from '../words/flags.js';
import type { Verb } from './verb.js';

/** What a command that runs tells besides its progress. */
interface Listeners {
  readonly onLine: (line: string) => void;
  /** The fleet, each time that its file is read. */
  readonly onConfig: (config: Pick<Config, 'file' | 'migrations'>) => void;
}

/** Runs a command. What it needs is loaded only now: a wrong flag or file is told without the PostgreSQL client. */
export async function runVerb(
  verb: Verb,
  flags: Flags,
  context: CommandContext,
  { onLine, onConfig }: Listeners,
): Promise<Report> {
  if (verb.command === 'init') {
    const { init } = await import('../../commands/init/init.js');
    return init(verb.options, process.cwd());
  }
  if (verb.command === 'tenant') {
    const { tenant } = await import('../../commands/tenant/tenant.js');
    return tenant(await openSource(flags, onConfig), verb.options, context);
  }
  if (verb.command === 'lint') {
    const { loadMigrationsFolder } = await import('../../config/load/load-folder.js');
    const { lint } = await import('../../commands/lint/lint.js');
    const source = { ...sourceOf(flags), file: flags.one('config') ?? undefined };
    const folder = loadMigrationsFolder(source);
    onConfig(folder);
    return lint(folder, verb.options, source.cwd);
  }
  if (verb.command !== 'sandbox') {
    const read = async (): Promise<Config> => readConfig(verb, await openSource(flags, onConfig), context);
    return runOnFleet(verb, await read(), context, read);
  }
  const { sandbox } = await import('../../commands/sandbox/sandbox.js');
  return sandbox(verb.options, { ...sourceOf(flags), project: projectOf(flags), onLine }, context);
}

async function runOnFleet(
  verb: Exclude<Verb, { command: 'init' | 'sandbox' | 'tenant' | 'lint' }>,
  config: Config,
  context: CommandContext,
  again: () => Promise<Config>,
): Promise<Report> {
  switch (verb.command) {
    case 'doctor':
      return (await import('../../commands/doctor/doctor.js')).doctor(config, verb.options, context);
    case 'ledger':
      return (await import('../../commands/ledger/ledger.js')).ledger(config, verb.options, context);
    case 'plan':
      return (await import('../../commands/plan/plan.js')).plan(config, verb.options, context);
    case 'rehearse':
      return (await import('../../commands/rehearse/rehearse.js')).rehearse(config, verb.options, context);
    case 'baseline':
      return (await import('../../commands/ledger/baseline.js')).baseline(config, verb.options, context);
    case 'create':
      return (await import('../../commands/create/create.js')).create(config, verb.options, context);
    case 'setup':
      return (await import('../../commands/setup/setup.js')).setup(config, verb.options, context);
    case 'up':
      return (await import('../../commands/migrate/up.js')).up(config, verb.options, context);
    case 'down':
      return (await import('../../commands/migrate/down.js')).down(config, verb.options, context);
    case 'redo':
      return (await import('../../commands/migrate/down.js')).redo(config, verb.options, context);
    case 'status':
      return (await import('../../commands/status/status.js')).status(config, verb.options, context);
    case 'why':
      return (await import('../../commands/why/why.js')).why(config, verb.options, context);
    case 'sync':
      return (await import('../../commands/repair/sync.js')).sync(config, verb.options, context);
    case 'recover':
      return (await import('../../commands/repair/recover.js')).recover(config, verb.options, context, again);
    case 'stop':
      return (await import('../../commands/history/stop.js')).stop(config, verb.options, context);
    case 'history':
      return (await import('../../commands/history/history.js')).history(config, verb.options, context);
  }
}

/** What these do, they do for members alone: they work while nobody answers which tenants there are. */
const WITHOUT_TENANTS: readonly Verb['command'][] = ['create', 'recover', 'stop', 'history'];

async function readConfig(verb: Verb, source: FleetSource, { who }: CommandContext): Promise<Config> {
  const { readFleet, readMembers } = await import('../../fleet/ask-tenants.js');
  return WITHOUT_TENANTS.includes(verb.command) ? readMembers(source, who) : readFleet(source, who);
}

async function openSource(flags: Flags, onConfig: Listeners['onConfig']): Promise<FleetSource> {
  const { openFleetSource } = await import('../../config/load/load-config.js');
  const { leavingOut } = await import('../../fleet/leave-out.js');
  const source = openFleetSource({ ...sourceOf(flags), file: flags.one('config') ?? undefined });
  const fleet = leavingOut(source, flags.list('without'));
  const read: FleetSource['read'] = (edition) => {
    const config = fleet.read(edition);
    onConfig(config);
    return config;
  };
  return { ...fleet, read };
}

const sourceOf = (flags: Flags) => ({
  cwd: process.cwd(),
  env: process.env,
  envFiles: flags.list('env-file'),
});

/** The sandbox lives beside shards.yaml, also where that does not exist yet. */
const projectOf = (flags: Flags): string => path.dirname(path.resolve(flags.one('config') ?? 'shards.yaml'));
