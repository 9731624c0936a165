import type { Problem } from '../../errors.js';
import type { Member } from '../../fleet/member.js';
import { ident } from '../../postgres/identifiers.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';

/**
 * What is missing where a member's database is, or the role that works there, as SQL for a superuser; none where connecting
 * failed for another reason. Nothing of it is made here: a role has rights, and a tenant's database is made with the tenant.
 */
export function missingHome(
  { shard, setRole, url }: Member,
  { sqlstate, message }: Problem,
): readonly string[] {
  const user = decodeURIComponent(new URL(url.reveal()).username);
  const database = shard?.database ?? null;
  if (database !== null && sqlstate === SQLSTATE.undefinedDatabase)
    return [`CREATE DATABASE ${ident(database)} OWNER ${ident(setRole ?? user)}`];
  if (setRole === null) return [];
  const grant = `GRANT ${ident(setRole)} TO ${ident(user)}`;
  if (sqlstate === SQLSTATE.insufficientPrivilege) return [grant];
  const isUnknown = sqlstate === SQLSTATE.invalidParameterValue && /role/.test(message);
  return isUnknown ? [`CREATE ROLE ${ident(setRole)}`, grant] : [];
}
