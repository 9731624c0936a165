import type { Config, ShardConfig } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { ident } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';
import type { DoctorCheck } from '../../report/doctor.js';
import { exposureOf, sourceSchemas } from '../../veneer/exposure/exposure.js';
import { bySuperuser, ok, warning } from './outcomes.js';

/**
 * Relations that a migration, or the step behind it, could not alter: ALTER is for who owns them. Whoever may only read is told, and it is
 * no failure, since up runs as somebody else then. `shard`: what the member is besides a veneer, or null.
 */
export async function ownerCheck(
  config: Config,
  session: Session,
  shard: ShardConfig | null,
): Promise<DoctorCheck> {
  const schemas = shard === null ? [] : sourceSchemas(exposureOf(config, shard));
  const isVeneer = config.veneers.some(({ name }) => name === session.member);
  const servers = isVeneer ? shardsShownOn(config, session.member).map(({ server }) => server.name) : [];
  const owners = await session.query<Foreign>(FOREIGN, [schemas, servers]);
  if (owners.length === 0) return ok('owner', 'what is to be altered is its own');
  const { user } = session.server;
  const text = owners.map(({ owner, relations, example }) => `${relations} of ${owner} (${example})`);
  return warning(
    'owner',
    `${user} may not alter what is not its own: ${text.join(', ')}`,
    bySuperuser(owners.map((one) => cureOf(one, user))),
  );
}

/** To be a member of a superuser is to become one: what such a one owns is given away instead. */
function cureOf({ owner, isSuperuser, relations, example }: Foreign, user: string): string {
  if (!isSuperuser) return `GRANT ${ident(owner)} TO ${ident(user)}`;
  const all = relations === 1 ? '' : ', and so for the others';
  return `ALTER TABLE ${example} OWNER TO ${ident(user)}${all}`;
}

interface Foreign extends Row {
  readonly owner: string;
  readonly isSuperuser: boolean;
  readonly relations: number;
  readonly example: string;
}

/** By owner, relations of the schemas $1 and foreign tables of the servers $2; what an extension brought is its own. */
const FOREIGN = `
  SELECT pg_get_userbyid(c.relowner)::text AS owner,
         coalesce((SELECT rolsuper FROM pg_roles WHERE oid = c.relowner), false) AS "isSuperuser", count(*)::int AS relations,
         min(format('%I.%I', n.nspname, c.relname)) AS example
    FROM pg_class c
    JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN (pg_foreign_table t JOIN pg_foreign_server s ON s.oid = t.ftserver) ON t.ftrelid = c.oid
   WHERE (n.nspname = ANY ($1::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S') OR s.srvname = ANY ($2::text[]))
     AND NOT pg_has_role(current_user, c.relowner, 'USAGE')
     AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
   GROUP BY c.relowner ORDER BY 1`;
