import { EXIT, problemOf, type Problem } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { SetupMember } from '../../report/reports.js';
import { lackedBy, type MemberPlan } from './setup-plan.js';

/** What became of a member, with its plan as far as there was one. */
export function outcome(
  member: Member,
  state: SetupMember['state'],
  plan: MemberPlan | null = null,
  problem: Problem | null = null,
): SetupMember {
  const { statements = [], refreshed = 0 } = plan ?? {};
  const forSuperuser = plan === null ? [] : lackedBy(plan);
  const isWork = state === 'done' || state === 'planned';
  return {
    member: member.name,
    role: member.role,
    state: isWork && refreshed === statements.length && forSuperuser.length === 0 ? 'nothing to do' : state,
    statements: statements.map((statement) => statement.shown),
    rewritten: refreshed,
    forSuperuser,
    problem,
  };
}

/** What setup could not do at all on a shard counts for more: a role that is missing has no password either. */
export const withRefused = (member: SetupMember, problem: Problem | undefined): SetupMember =>
  problem === undefined || member.problem !== null || member.state === 'not started'
    ? member
    : { ...member, state: 'failed', problem };

/** With what was granted there before its own turn. */
export const withGranted = (member: SetupMember, granted: MemberPlan['statements']): SetupMember =>
  granted.length === 0
    ? member
    : {
        ...member,
        state: member.state === 'nothing to do' ? 'done' : member.state,
        statements: [...granted.map(({ shown }) => shown), ...member.statements],
      };

/** What only somebody with more rights may run there. */
export const rightsProblem = (member: Member, statements: readonly string[]) =>
  ({
    message: `${member.name} lacks what its user may not make itself`,
    exitCode: EXIT.failed,
    where: { member: member.name },
    hint: `have a superuser run there: ${statements.join('; ')}; then run migrate setup again`,
  }) satisfies Problem;

/** PostgreSQL's message may quote the statement that failed, and with it a password: the cause is left out. */
export function setupProblem(error: unknown): Problem {
  const problem = problemOf(error);
  const hint = hintFor(error);
  return hint === null ? problem : { ...problem, hint };
}

function hintFor(error: unknown): string | null {
  if (isState(error, SQLSTATE.insufficientPrivilege))
    return 'run migrate setup --dry-run, and have a superuser run what it prints';
  if (isState(error, SQLSTATE.lockNotAvailable))
    return 'another session holds what setup has to change; nothing was changed there: run migrate setup again';
  // `option "password" not found`: SET on a user mapping whose options this user may not see.
  return isState(error, SQLSTATE.undefinedObject)
    ? 'a user mapping may lack the option: drop that mapping on the veneer, then run migrate setup again'
    : null;
}
