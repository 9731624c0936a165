import type { Grant } from '../../catalog/read-grants.js';
import { ident } from '../../postgres/identifiers.js';

/**
 * What makes the privileges in a schema those that are wanted: first what is to be revoked, then what is to be granted. Names
 * stand without the schema, but that of the schema itself. Pure.
 */
export function grantStatements(
  wanted: readonly Grant[],
  present: readonly Grant[],
  schema: string,
): readonly string[] {
  const [has, wants] = [present, wanted].map((grants) => new Set(grants.map(keyOf)));
  return [
    ...present
      .filter((grant) => wants?.has(keyOf(grant)) === false)
      .map((grant) => statement(grant, schema, 'REVOKE', `FROM ${granteeOf(grant)}`)),
    ...wanted
      .filter((grant) => has?.has(keyOf(grant)) === false)
      .map((grant) =>
        statement(
          grant,
          schema,
          'GRANT',
          `TO ${granteeOf(grant)}${grant.grantable ? ' WITH GRANT OPTION' : ''}`,
        ),
      ),
  ];
}

/** The owner of one server may be called otherwise on the other. */
const keyOf = ({ kind, target, privilege, grantee, isOwner, grantable }: Grant): string =>
  JSON.stringify([kind, target, privilege, isOwner ? true : grantee, grantable]);

const granteeOf = ({ grantee, isOwner }: Grant): string =>
  isOwner ? 'CURRENT_USER' : grantee === null ? 'PUBLIC' : ident(grantee);

function statement(
  { kind, target, privilege }: Grant,
  schema: string,
  verb: 'GRANT' | 'REVOKE',
  who: string,
): string {
  if (kind === 'SCHEMA') return `${verb} ${privilege} ON SCHEMA ${ident(schema)} ${who}`;
  if (!kind.startsWith('DEFAULT ')) return `${verb} ${privilege} ON ${kind} ${target} ${who}`;
  return `ALTER DEFAULT PRIVILEGES IN SCHEMA ${ident(schema)} ${verb} ${privilege} ON ${kind.slice('DEFAULT '.length)} ${who}`;
}
