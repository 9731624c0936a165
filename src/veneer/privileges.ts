import type { PresentPrivileges, WantedPrivileges } from '../catalog/read-privileges.js';
import { ident } from '../postgres/identifiers.js';

/**
 * GRANTs that are missing for a role in a schema: on what is there, and as default privileges on what this user's
 * migrations will make there. `sequences`: on a shard an INSERT through a veneer draws from them as this user. Pure.
 */
export function grantStatements(
  wanted: WantedPrivileges,
  present: PresentPrivileges | undefined,
  { sequences }: { readonly sequences: boolean },
): string[] {
  const schema = ident(wanted.schema);
  const role = ident(wanted.role);
  const privileges = wanted.privileges.map((privilege) => privilege.toUpperCase()).join(', ');
  const future = `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT`;
  return [
    ...(present?.usage ? [] : [`GRANT USAGE ON SCHEMA ${schema} TO ${role}`]),
    ...(present?.tables ? [] : [`GRANT ${privileges} ON ALL TABLES IN SCHEMA ${schema} TO ${role}`]),
    ...(present?.futureTables ? [] : [`${future} ${privileges} ON TABLES TO ${role}`]),
    ...(!sequences || present?.sequences
      ? []
      : [`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`]),
    ...(!sequences || present?.futureSequences ? [] : [`${future} USAGE ON SEQUENCES TO ${role}`]),
  ];
}
