import type { PresentPrivileges, WantedPrivileges } from '../../catalog/read-privileges.js';
import { ident } from '../../postgres/identifiers.js';

/**
 * GRANTs that are missing for a role in a schema: on what is there, and as default privileges on what this user's
 * migrations will make there. Where others have tables in the schema, those of ours are named. `sequences`: on a shard an INSERT through a veneer draws from them as this user. Pure.
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
    ...(present?.tables
      ? []
      : onTables(wanted, present).map((tables) => `GRANT ${privileges} ON ${tables} TO ${role}`)),
    ...(present?.futureTables ? [] : [`${future} ${privileges} ON TABLES TO ${role}`]),
    ...(!sequences || present?.sequences
      ? []
      : [`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`]),
    ...(!sequences || present?.futureSequences ? [] : [`${future} USAGE ON SEQUENCES TO ${role}`]),
  ];
}

function onTables({ schema, servers }: WantedPrivileges, present: PresentPrivileges | undefined): string[] {
  if (servers === undefined) return [`ALL TABLES IN SCHEMA ${ident(schema)}`];
  const lacking = present?.lacking ?? [];
  return lacking.length === 0 ? [] : [lacking.join(', ')];
}
