import { EXIT, VeneerError, type ExitCode } from '../../errors.js';
import type { Settled } from '../../protocol/settlement/recovery.js';
import type { Ending } from '../../protocol/settlement/unsettled.js';
import { behindText, type SettledAttempt } from '../../report/settled-attempt.js';

/** What recovery did, as reports show it. */
export const settledReport = (settled: readonly Settled[]): SettledAttempt[] =>
  settled.map(({ id, migration, members, ending }) => ({
    step: id.step,
    migration,
    members,
    ending: ending.kind,
    detail: detailOf(ending),
    hint: ending.kind === 'in doubt' ? (ending.hint ?? null) : null,
    behind: ending.kind === 'committed' ? ending.behind : [],
  }));

function detailOf(ending: Ending): string | null {
  if (ending.kind === 'in doubt') return ending.why;
  return ending.kind === 'committed' && ending.lost.length > 0 ? lostText(ending.lost) : null;
}

const lostText = (members: readonly string[]): string =>
  `${members.join(', ')} lost it: neither prepared nor committed there; compare it with migrate status`;

/** 22 while anything is in doubt or lost, else 0. */
export const settledExit = (settled: readonly SettledAttempt[]): ExitCode =>
  settled.some((attempt) => attempt.detail !== null) ? EXIT.inDoubt : EXIT.clean;

/** Throws (exit 22) while anything is in doubt, for a command that needs to know where the whole fleet stands. */
export function refuseInDoubt(settled: readonly SettledAttempt[]): void {
  const attempt = settled.find(({ ending }) => ending === 'in doubt');
  if (attempt === undefined) return;
  throw new VeneerError(`an earlier step is in doubt: ${settledText(attempt)}`, {
    exitCode: EXIT.inDoubt,
    hint: hintFor(attempt),
  });
}

/** What to do about an attempt in doubt. */
export const hintFor = ({ hint }: SettledAttempt): string =>
  hint ?? 'migrate recover, when all of its members are back';

/** One sentence per attempt, for the progress of a run. */
export const settledText = (attempt: SettledAttempt): string => {
  const { migration, step, members, ending, detail } = attempt;
  const more = [behindText(attempt), detail].flatMap((text) => (text === null ? [] : [`, ${text}`]));
  return `${migration ?? 'step'} (${step}) on ${members.join(', ')}: ${ending}${more.join('')}`;
};
