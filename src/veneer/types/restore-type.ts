import type { CapturedType } from '../../catalog/captured/captured.js';
import { ident, literal, qualified } from '../../postgres/identifiers.js';
import type { MadeType } from './create-type.js';
import type { TypePlan } from './reconcile-types.js';
import { restorePrivileges } from '../dependents/restore-grants.js';

/** The plan with what types that are made anew had on the veneer: owner, privileges, comments. `user`: who makes them. Pure. */
export function keepingWhatTheyHad(
  plan: TypePlan,
  captured: readonly CapturedType[],
  user: string,
): TypePlan {
  const before = plan.before.map((change) => {
    const had = captured.find(({ oid }) => oid === change.oid);
    if (change.made === undefined || had === undefined) return change;
    return { ...change, statements: [...change.statements, ...restoreType(change.made, had, user)] };
  });
  return { ...plan, before };
}

function restoreType(type: MadeType, had: CapturedType, user: string): string[] {
  const name = qualified(type);
  const checks = type.kind === 'domain' ? type.checks.map((check) => check.name) : [];
  return [
    ...(had.owner === user ? [] : [`ALTER TYPE ${name} OWNER TO ${ident(had.owner)}`]),
    ...(had.comment === null ? [] : [`COMMENT ON TYPE ${name} IS ${literal(had.comment)}`]),
    ...had.checks
      .filter((check) => checks.includes(check.name))
      .map(
        (check) =>
          `COMMENT ON CONSTRAINT ${ident(check.name)} ON DOMAIN ${name} IS ${literal(check.comment)}`,
      ),
    ...restorePrivileges(had, `TYPE ${name}`),
  ];
}
