import type { Config } from '../../config/config.js';
import type { Member } from '../../fleet/member.js';
import type { Session } from '../../postgres/session.js';
import { plain } from '../../veneer/servers.js';
import { EMPTY, type MemberPlan } from './setup-plan.js';
import { planShard } from './setup-shard.js';
import { stateStatements } from './setup-state.js';
import { planVeneer } from './setup-veneer.js';

/**
 * Reads a member and decides what setup has to do there for both of its roles. Changes nothing. `unready`: shards whose mappings stay as
 * they are. Throws (exit 20) where a veneer's server has no postgres_fdw to be installed.
 */
export async function planMember(
  config: Config,
  member: Member,
  session: Session,
  unready: ReadonlySet<string>,
): Promise<MemberPlan> {
  const state = (await stateStatements(config, session, member)).map(plain);
  const shard = member.shard === null ? EMPTY : await planShard(config, member.shard, session);
  const veneer = member.veneer === null ? EMPTY : await planVeneer(config, session, unready);
  return {
    statements: [...state, ...shard.statements, ...veneer.statements],
    refreshed: veneer.refreshed,
    forSuperuser: [...new Set([...shard.forSuperuser, ...veneer.forSuperuser])],
    rights: [...new Set([...shard.rights, ...veneer.rights])],
  };
}
