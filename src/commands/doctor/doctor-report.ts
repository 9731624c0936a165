import type { Config } from '../../config/config.js';
import { EXIT, worst, type ExitCode } from '../../errors.js';
import type { CheckOutcome, DoctorCheck, DoctorReport } from '../../report/doctor.js';
import { nextCommand } from '../../report/next-command.js';
import type { MemberLook } from './look-at-member.js';

/** What was found of all. */
export interface DoctorFacts {
  readonly machine: readonly DoctorCheck[];
  readonly looks: readonly MemberLook[];
  /** By veneer. */
  readonly mappings: ReadonlyMap<string, readonly DoctorCheck[]>;
  readonly notices: readonly string[];
}

/** The report: 20 where anything failed, 22 where a step is in doubt, 23 where a member was not reached; warnings count for nothing. Pure. */
export function doctorReport(
  { fleet }: Pick<Config, 'fleet'>,
  { machine, looks, mappings, notices }: DoctorFacts,
): DoctorReport {
  const members = looks.map(({ member }) => ({
    ...member,
    checks: [...member.checks, ...(mappings.get(member.member) ?? [])],
  }));
  const problems = looks.flatMap(({ problem }) => problem ?? []);
  const checks = [...machine, ...members.flatMap((member) => member.checks)];
  const has = (outcome: CheckOutcome): boolean => checks.some((one) => one.outcome === outcome);
  const exitCode = worst(
    ...problems.map((problem): ExitCode => problem.exitCode),
    has('failed') ? EXIT.failed : EXIT.clean,
    looks.some(({ inDoubt }) => inDoubt) ? EXIT.inDoubt : EXIT.clean,
  );
  const lacksSetup = !has('failed') && checks.some(({ cure }) => cure === 'migrate setup');
  // Of a warning nothing has to be done: it would be told again.
  const otherwise = has('failed') ? 'migrate doctor' : null;
  return {
    command: 'doctor',
    fleet,
    machine,
    members,
    problems,
    notices,
    exitCode,
    next: nextCommand({ exitCode, problems, lacksSetup, unreachable: 'migrate doctor', otherwise }),
  };
}
