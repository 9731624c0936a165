import { readRolePrivileges, type RolePrivileges } from '../../catalog/read-role-privileges.js';
import { readRelations } from '../../catalog/relations/read-relations.js';
import type { UserType } from '../../catalog/types/type.js';
import type { ShardConfig } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import { nameKey } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { inOneGo } from '../../postgres/transaction.js';
import type { WhyTarget } from '../../report/why/why-targets.js';
import { exposeRelations, type ExposedRelation } from '../../veneer/exposure/definition.js';
import { readTypesOf, unlessLocked } from '../status/facts.js';

/** What a shard tells of the relations that were asked about. */
export interface WhyShard {
  readonly shard: ShardConfig;
  /** Null: another session locks one of them. */
  readonly exposed: readonly ExposedRelation[] | null;
  readonly types: readonly UserType[];
  readonly privileges: readonly RolePrivileges[];
}

/** Definitions of these relations, as `status` reads them, and what the veneers' users may do with them. */
export async function readWhyShard(
  shard: ShardConfig,
  targets: readonly WhyTarget[],
  session: Session,
): Promise<WhyShard> {
  const [first] = targets;
  const relations = [
    ...new Map(
      targets.flatMap(({ relation }) => (relation === null ? [] : [[nameKey(relation), relation] as const])),
    ).values(),
  ];
  if (first === undefined || relations.length === 0) return { shard, exposed: [], types: [], privileges: [] };
  const scope = {
    schemas: [...new Set(relations.map(({ schema }) => schema))],
    oids: relations.map(({ oid }) => oid),
  };
  const [read, privileges] = await allDone([
    unlessLocked(() => inOneGo(session, () => readRelations(session, scope))),
    inOneGo(session, () =>
      readRolePrivileges(
        session,
        shard.userMappings.map(({ user }) => user),
        relations,
      ),
    ),
  ]);
  const exposed = read === null ? null : exposeRelations(first.exposure, read);
  const definitions = (exposed ?? []).map(({ definition }) => definition);
  const types = await unlessLocked(() => readTypesOf(session, first.exposure, definitions));
  return { shard, exposed: types === null ? null : exposed, types: types ?? [], privileges };
}
