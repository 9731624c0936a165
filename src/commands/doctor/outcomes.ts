import { EXIT, problemOf, type Problem } from '../../errors.js';
import { MemberError } from '../../postgres/member-error.js';
import type { CheckName, DoctorCheck } from '../../report/doctor.js';

export const ok = (check: CheckName, found: string): DoctorCheck => ({
  check,
  outcome: 'ok',
  found,
  cure: null,
});

export const warning = (check: CheckName, found: string, cure: string): DoctorCheck => ({
  check,
  outcome: 'warning',
  found,
  cure,
});

export const failed = (check: CheckName, found: string, cure: string | null): DoctorCheck => ({
  check,
  outcome: 'failed',
  found,
  cure,
});

export const notAsked = (check: CheckName, found: string, cure: string | null = null): DoctorCheck => ({
  check,
  outcome: 'not asked',
  found,
  cure,
});

/** A cure that its user has no rights for. */
export const bySuperuser = (statements: readonly string[]): string =>
  `as a superuser there: ${statements.join('; ')}`;

/** What a check would have refused a run for, in the same words. */
export const failedBy = (check: CheckName, { message, hint }: Problem): DoctorCheck =>
  failed(check, message, hint ?? null);

/**
 * What a check reads may be refused by the server (a right to read, a lock that somebody holds): then nothing is known, and the others are
 * asked all the same. What it refuses itself, a run would. Throws what is a fault of ours, and where the member is lost meanwhile.
 */
export async function asking(
  check: CheckName,
  ask: () => Promise<readonly DoctorCheck[]>,
): Promise<readonly DoctorCheck[]> {
  try {
    return await ask();
  } catch (error) {
    const problem = problemOf(error);
    if (problem.exitCode === EXIT.bug || problem.exitCode === EXIT.unreachable) throw error;
    if (!(error instanceof MemberError)) return [failedBy(check, problem)];
    return [notAsked(check, problem.message, problem.hint ?? null)];
  }
}
