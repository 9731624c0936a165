import { EXIT, type ExitCode, type Problem } from '../errors.js';

/** What a command has found, as far as it says what to type next. */
export interface Found {
  readonly exitCode: ExitCode;
  readonly problems?: readonly Pick<Problem, 'exitCode' | 'cure'>[];
  /** Told otherwise than by a problem. */
  readonly lacksSetup?: boolean;
  /** Where somebody cannot be reached; left out: `migrate status`, which says who. */
  readonly unreachable?: string;
  /** The command's own answer. */
  readonly otherwise: string | null;
}

/**
 * The command to type next, in the order that holds for all commands. What is in doubt comes first, since tables wait until it is
 * settled; then what setup makes, without which nothing else goes through; then who cannot be reached, of whom nothing is known. Pure.
 */
export function nextCommand(found: Found): string | null {
  const { exitCode, problems = [], lacksSetup = false, unreachable = 'migrate status', otherwise } = found;
  const codes = [exitCode, ...problems.map((problem) => problem.exitCode)];
  if (codes.includes(EXIT.inDoubt)) return 'migrate recover';
  if (lacksSetup || problems.some(({ cure }) => cure === 'migrate setup')) return 'migrate setup';
  return codes.includes(EXIT.unreachable) ? unreachable : otherwise;
}
