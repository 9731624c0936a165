import path from 'node:path';
import type { Config } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import { loadDowns } from '../../migrations/load/load-down.js';
import { lossesOf } from '../../migrations/sql/losses.js';
import type { Migration } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { UpReport } from '../../report/up.js';
import type { CommandContext } from '../common/context.js';
import { migrate, type Way } from './migrate.js';
import type { MigrateOptions } from '../common/migrate-options.js';

export interface DownOptions extends MigrateOptions {
  /** Data may be lost: nobody is asked. */
  readonly yes: boolean;
}

/** Takes the last applied migrations down, the last first. */
export const down = (config: Config, options: DownOptions, context: CommandContext): Promise<UpReport> =>
  migrate(
    config,
    downWay('down', options, context, async (plan) => [await downwards(config, plan)]),
    options,
    context,
  );

/** Takes the last applied migrations down, and applies the same ones again to those that had them. */
export const redo = (config: Config, options: DownOptions, context: CommandContext): Promise<UpReport> =>
  migrate(
    config,
    downWay('redo', options, context, async (plan) => [await downwards(config, plan), upwards(plan)]),
    options,
    context,
  );

const downWay = (
  command: 'down' | 'redo',
  { yes }: DownOptions,
  { confirm }: CommandContext,
  phases: Way['phases'],
): Way => ({
  command,
  direction: 'down',
  phases,
  warnings: ([first]) => lossesOf(first?.order ?? []),
  consent: async (losses) => {
    if (losses.length === 0 || yes) return;
    if (confirm === undefined) throw notConfirmed(command, losses, EXIT.usage);
    if (!(await confirm([...losses, 'Go on?']))) throw notConfirmed(command, losses, EXIT.failed);
  },
});

const notConfirmed = (
  command: string,
  losses: readonly string[],
  exitCode: typeof EXIT.usage | typeof EXIT.failed,
): VeneerError =>
  new VeneerError(`migrate ${command} may lose data, and nobody agreed to that: nothing was done`, {
    exitCode,
    detail: losses.join('\n'),
    hint: `migrate ${command} --yes, when that is what you want`,
  });

/** The plan with what takes each migration down in its place. Throws (exit 20) where one cannot be. */
async function downwards(config: Config, plan: Plan): Promise<Plan> {
  const projectRoot = path.dirname(config.file);
  const downs = await loadDowns(config.migrations, { projectRoot, wanted: plan.order });
  return mapped(plan, (migration) => downs.get(migration) ?? migration);
}

function mapped(plan: Plan, replace: (migration: Migration) => Migration): Plan {
  const inStep = <S extends { readonly migration: Migration }>(step: S): S => ({
    ...step,
    migration: replace(step.migration),
  });
  return {
    ...plan,
    order: plan.order.map(replace),
    shards: plan.shards.map((shard) => ({ ...shard, steps: shard.steps.map(inStep) })),
    veneerSteps: plan.veneerSteps.map(inStep),
  };
}

/** The same steps the other way round: for exactly those who had the migrations. Pure. */
function upwards(plan: Plan): Plan {
  const turned = <S extends object>(steps: readonly S[]): (S & { readonly direction: 'up' })[] =>
    steps.map((step) => ({ ...step, direction: 'up' as const })).toReversed();
  return {
    ...plan,
    direction: 'up',
    order: plan.order.toReversed(),
    shards: plan.shards.map((shard) => ({ ...shard, steps: turned(shard.steps) })),
    veneerSteps: turned(plan.veneerSteps),
  };
}
