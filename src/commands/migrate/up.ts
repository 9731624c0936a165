import type { Config } from '../../config/config.js';
import type { UpReport } from '../../report/up.js';
import type { CommandContext } from '../common/context.js';
import { migrate, type Way } from './migrate.js';
import type { MigrateOptions } from '../common/migrate-options.js';

export type UpOptions = MigrateOptions;

/** Applies pending migrations. */
export const up = (config: Config, options: UpOptions, context: CommandContext): Promise<UpReport> =>
  migrate(config, UP, options, context);

const UP: Way = {
  command: 'up',
  direction: 'up',
  phases: async (plan) => [plan],
  warnings: async () => [],
  consent: async () => undefined,
};
