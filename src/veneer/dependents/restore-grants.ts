import type { CapturedView, Grant, Privileges } from '../../catalog/captured/captured.js';
import { ident } from '../../postgres/identifiers.js';

/**
 * The statements that give something, just made and handed to its owner, exactly the privileges that it had: nothing of
 * what ALTER DEFAULT PRIVILEGES gave it on the way, and each grant by the role that had made it. `on`: as GRANT … ON
 * names it. Pure.
 */
export function restorePrivileges(
  { owner, granted, grants, defaultGrantees }: Privileges,
  on: string,
): string[] {
  if (!granted && defaultGrantees.length === 0) return [];
  const holders = [...new Set([null, owner, ...defaultGrantees])];
  return [
    `REVOKE ALL ON ${on} FROM ${holders.map(grantee).join(', ')}`,
    ...inOrder(owner, grants, []).flatMap((grant) => grantOne(owner, grant, grant.privilege, on)),
  ];
}

/** The same for a view and its columns. Pure. */
export function restoreGrants(view: CapturedView, name: string): string[] {
  const columns = view.columns.flatMap((column) =>
    inOrder(view.owner, column.grants, view.grants).flatMap((grant) =>
      grantOne(view.owner, grant, `${grant.privilege} (${ident(column.name)})`, name),
    ),
  );
  return [...restorePrivileges(view, name), ...columns];
}

const grantee = (role: string | null): string => (role === null ? 'PUBLIC' : ident(role));

/** GRANT is recorded as the owner's own for whoever may act as the owner; any other grantor has to do it himself. */
function grantOne(owner: string, grant: Grant, privilege: string, name: string): string[] {
  const option = grant.grantable ? ' WITH GRANT OPTION' : '';
  const sql = `GRANT ${privilege} ON ${name} TO ${grantee(grant.grantee)}${option}`;
  return grant.grantor === owner ? [sql] : [`SET LOCAL ROLE ${ident(grant.grantor)}`, sql, 'RESET ROLE'];
}

/** Who passes a privilege on must have got it before, with its grant option, on the column or on the view. */
function inOrder(owner: string, grants: readonly Grant[], before: readonly Grant[]): Grant[] {
  const ordered: Grant[] = [];
  let left = [...grants];
  while (left.length > 0) {
    const may = ({ grantor, privilege }: Grant): boolean =>
      grantor === owner ||
      [...before, ...ordered].some(
        (had) => had.grantable && had.grantee === grantor && had.privilege === privilege,
      );
    const ready = left.filter(may);
    if (ready.length === 0) return [...ordered, ...left];
    ordered.push(...ready);
    left = left.filter((grant) => !ready.includes(grant));
  }
  return ordered;
}
