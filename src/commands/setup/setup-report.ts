import type { Config } from '../../config/config.js';
import { worst, type ExitCode } from '../../errors.js';
import { nextCommand } from '../../report/next-command.js';
import type { SetupMember, SetupReport } from '../../report/reports.js';
import type { SettledAttempt } from '../../report/settled-attempt.js';
import { settledExit, settledText } from '../common/settled.js';

const waitingNotice = ({ member, state, forSuperuser }: SetupMember): string[] =>
  state === 'planned' && forSuperuser.length > 0
    ? [`${member}: before migrate setup a superuser has to run there what this user may not`]
    : [];

/** What setup answers. Pure. */
export function setupReport(
  config: Config,
  { dryRun }: { readonly dryRun: boolean },
  members: readonly SetupMember[],
  {
    settled,
    notices: more,
  }: { readonly settled: readonly SettledAttempt[]; readonly notices: readonly string[] },
): SetupReport {
  const problems = members.flatMap((member) => member.problem ?? []);
  const exitCode = worst(...problems.map((problem): ExitCode => problem.exitCode), settledExit(settled));
  const again = problems.length > 0 || dryRun;
  const next = nextCommand({ exitCode, problems, lacksSetup: again, otherwise: 'migrate up' });
  const notices = [...settled.map(settledText), ...more, ...(dryRun ? members.flatMap(waitingNotice) : [])];
  return { command: 'setup', fleet: config.fleet, dryRun, members, problems, exitCode, next, notices };
}
