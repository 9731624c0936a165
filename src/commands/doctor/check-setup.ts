import { readExtensions } from '../../catalog/read-extensions.js';
import type { Config } from '../../config/config.js';
import { problemOf } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { planMember } from '../setup/setup-member.js';
import { lackedBy, type MemberPlan } from '../setup/setup-plan.js';
import { CREATE_EXTENSION, notAvailable } from '../setup/setup-veneer.js';
import { lackedByOwners } from './lacked-by-owners.js';
import { bySuperuser, failed, failedBy, notAsked, ok, warning } from './outcomes.js';

/**
 * What setup has still to make, and whether its user may; on a veneer postgres_fdw by itself. The decision is setup's own. `unready`: shards
 * whose passwords are refused, and whose mappings stay as they are.
 */
export async function setupChecks(
  config: Config,
  member: Member,
  session: Session,
  unready: ReadonlySet<string>,
): Promise<DoctorCheck[]> {
  const [fdw] = member.veneer === null ? [] : await readExtensions(session, ['postgres_fdw']);
  if (fdw !== undefined && fdw.schema === null && !fdw.available)
    return [
      failedBy('postgres_fdw', problemOf(notAvailable(member.name))),
      notAsked('setup', 'postgres_fdw comes first'),
    ];
  const plan = await planMember(config, member, session, unready);
  const others = await lackedByOwners(session, plan);
  return [...(fdw === undefined ? [] : [fdwCheck(fdw.schema, plan)]), setupCheck(plan, others)];
}

function fdwCheck(schema: string | null, { forSuperuser }: MemberPlan): DoctorCheck {
  if (schema !== null) return ok('postgres_fdw', 'installed');
  return forSuperuser.includes(CREATE_EXTENSION)
    ? failed(
        'postgres_fdw',
        'not in this database, and its user may not make it',
        bySuperuser([CREATE_EXTENSION]),
      )
    : ok('postgres_fdw', 'not in this database yet: setup makes it');
}

function setupCheck(plan: MemberPlan, others: readonly string[]): DoctorCheck {
  const lacked = [...lackedBy(plan), ...others].filter((sql) => sql !== CREATE_EXTENSION);
  const todo = plan.statements.length - plan.refreshed;
  if (lacked.length > 0)
    return failed('setup', 'something is missing that its user may not make', bySuperuser(lacked));
  return todo > 0
    ? warning('setup', 'not all of it is made yet', 'migrate setup')
    : ok('setup', 'all is made');
}
