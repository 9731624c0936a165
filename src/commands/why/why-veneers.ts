import { readRolePrivileges, type RolePrivileges } from '../../catalog/read-role-privileges.js';
import { readForeignTables, type Occupied } from '../../catalog/relations/read-foreign-tables.js';
import {
  readMappings,
  readServers,
  type PresentMapping,
  type PresentServer,
} from '../../catalog/relations/read-servers.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { Config } from '../../config/config.js';
import { allDone } from '../../postgres/all-done.js';
import type { Session } from '../../postgres/session.js';
import { inOneGo } from '../../postgres/transaction.js';
import type { WhyTarget } from '../../report/why/why-targets.js';
import { readTaken, unlessLocked } from '../status/facts.js';
import { readVeneerTypes, type VeneerTypes } from '../status/status-types.js';
import type { WhyShard } from './why-shards.js';

/** What a veneer tells of the relations that were asked about. */
export interface WhyVeneer {
  readonly name: string;
  readonly version: number;
  readonly servers: readonly PresentServer[];
  readonly mappings: readonly PresentMapping[];
  /** Null: another session locks one of them. */
  readonly tables: readonly ForeignTable[] | null;
  readonly privileges: readonly RolePrivileges[];
  /** Names that something else bears. */
  readonly occupied: readonly Occupied[];
  readonly types: VeneerTypes;
}

/** What stands there for these relations, and which ways lead from it to the shards. */
export async function readWhyVeneer(
  config: Config,
  targets: readonly WhyTarget[],
  shards: readonly WhyShard[],
  session: Session,
): Promise<WhyVeneer> {
  const servers = [...new Set(targets.map(({ shard }) => shard.server.name))];
  const heads = targets.flatMap((target) => target.heads);
  const named = targets.flatMap(({ verdict }) => (verdict.kind === 'shown' ? [verdict.shown.name] : []));
  const roles = config.roles.map(({ name }) => name);
  const [[present, mappings, privileges], tables, occupied, types] = await allDone([
    inOneGo(session, () =>
      allDone([
        readServers(session, servers),
        readMappings(session, servers),
        readRolePrivileges(session, roles, heads),
      ]),
    ),
    unlessLocked(() => inOneGo(session, () => readForeignTables(session, servers, heads))),
    readTaken(config, session, named),
    readVeneerTypes(session, shards),
  ]);
  const { member: name, server } = session;
  return { name, version: server.version, servers: present, mappings, privileges, tables, occupied, types };
}
