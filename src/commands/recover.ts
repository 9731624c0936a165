import type { Config } from '../config/config.js';
import { EXIT, worst } from '../errors.js';
import { recover as recoverRun } from '../protocol/recovery.js';
import { withRun } from '../protocol/run.js';
import type { RecoverReport } from '../report/reports.js';
import type { CommandContext } from './context.js';
import { settledExit, settledReport } from './settled.js';

export type RecoverOptions = Readonly<Record<string, never>>;

/** Settles what a crash left, and says what it did and what it had to leave. */
export async function recover(
  config: Config,
  _options: RecoverOptions,
  context: CommandContext,
): Promise<RecoverReport> {
  return withRun(config, { ...context, command: 'recover' }, async (run) => {
    const settled = settledReport(await recoverRun(run));
    const problems = [...run.unreachable.values()];
    const exitCode = worst(settledExit(settled), problems.length > 0 ? EXIT.unreachable : EXIT.clean);
    const next = exitCode === EXIT.clean ? null : 'migrate recover';
    return { command: 'recover', fleet: config.fleet, settled, problems, exitCode, next, notices: [] };
  });
}
