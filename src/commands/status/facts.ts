import {
  readForeignTables,
  readOccupied,
  type Occupied,
} from '../../catalog/relations/read-foreign-tables.js';
import {
  readPrivileges,
  readSchemas,
  type PresentPrivileges,
  type WantedPrivileges,
} from '../../catalog/read-privileges.js';
import { readLocalPartitions, type LocalPartition } from '../../catalog/relations/read-local-partitions.js';
import { readRelations } from '../../catalog/relations/read-relations.js';
import {
  readMappings,
  readServers,
  type PresentMapping,
  type PresentServer,
} from '../../catalog/relations/read-servers.js';
import type { ForeignTable } from '../../catalog/relations/relation.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { readLedger, type LedgerGroup } from '../../migrations/ledger/ledger.js';
import { allDone } from '../../postgres/all-done.js';
import { fleetKeys, lockHolders, type LockHolder } from '../../postgres/fleet-keys.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { inOneGoWith } from '../../postgres/state-tables.js';
import { inOneGo, inReadOnly } from '../../postgres/transaction.js';
import { readUsedTypes, usedBy } from '../../protocol/shard/shard-types.js';
import type { UserType } from '../../catalog/types/type.js';
import { readPrepared, type PreparedTransaction } from '../../protocol/run/evidence.js';
import { hasUnions, readUnionFacts } from '../../protocol/align/union-facts.js';
import type { UnionFacts } from '../../veneer/unions.js';
import { exposureOf, sourceSchemas, type Exposure } from '../../veneer/exposure/exposure.js';
import { exposeRelations, type Definition, type ExposedRelation } from '../../veneer/exposure/definition.js';
import { wantedOnShard } from '../setup/setup-shard.js';
import { areTenantRows, leftRows, presentTenantRows, type TenantRow } from '../setup/setup-state.js';
import { schemasShownOn, wantedOnVeneer } from '../setup/setup-veneer.js';

/** What a shard is, from its live catalogs. */
export interface ShardFacts {
  readonly shard: ShardConfig;
  /** Null where the fleet was never set up there. */
  readonly ledger: readonly LedgerGroup[] | null;
  /** Null where another session locks a definition that would have to be read. */
  readonly exposed: readonly ExposedRelation[] | null;
  /** Of a member in both roles, where rules attach partitions: those that it has itself. */
  readonly partitions: readonly LocalPartition[];
  /** The types of one's own that these use, under the veneer's names. */
  readonly types: readonly UserType[];
  readonly wantedPrivileges: readonly WantedPrivileges[];
  readonly privileges: readonly PresentPrivileges[];
  readonly prepared: readonly PreparedTransaction[];
  readonly runner: LockHolder | null;
}

/**
 * A fixed number of queries, however many tenants there are, in one round trip, and another one for types. Definitions are read in a
 * transaction of their own, behind the rest: of a lock that somebody holds on one of them nothing else hears.
 */
export async function readShardFacts(
  config: Config,
  shard: ShardConfig,
  session: Session,
): Promise<ShardFacts> {
  const exposure = exposureOf(config, shard);
  const schemas = sourceSchemas(exposure);
  const [state, relations] = await allDone([
    readShardState(config, shard, session, schemas),
    unlessLocked(() => inOneGo(session, () => readRelations(session, { schemas }))),
  ]);
  const exposed = relations === null ? null : exposeRelations(exposure, relations);
  const definitions = (exposed ?? []).map(({ definition }) => definition);
  return { shard, ...state, exposed, types: await readTypesOf(session, exposure, definitions) };
}

type ShardState = Omit<ShardFacts, 'shard' | 'exposed' | 'types'>;

async function readShardState(
  config: Config,
  shard: ShardConfig,
  session: Session,
  schemas: readonly string[],
): Promise<ShardState> {
  const wanted = wantedOnShard(config, shard);
  const [prepared, ledger, [runner = null], privileges, partitions] = await inOneGoWith(
    session,
    'ledger',
    () =>
      allDone([
        readPrepared(session, config.fleet),
        readLedger(session),
        lockHolders(session, fleetKeys(config.fleet).run),
        readPrivilegesThere(session, wanted, schemas),
        hasHomes(config, shard) ? readLocalPartitions(session, schemas) : Promise.resolve([]),
      ]),
  );
  return { prepared, ledger, runner, ...privileges, partitions };
}

type Privileges = Pick<ShardFacts, 'wantedPrivileges' | 'privileges'>;

/** In schemas that are there; asked in one go which those are, and about all. */
async function readPrivilegesThere(
  session: Session,
  wanted: readonly WantedPrivileges[],
  schemas: readonly string[],
): Promise<Privileges> {
  const [there, privileges] = await allDone([readSchemas(session, schemas), readPrivileges(session, wanted)]);
  const isThere = ({ schema }: { readonly schema: string }): boolean => there.has(schema);
  return { wantedPrivileges: wanted.filter(isThere), privileges: privileges.filter(isThere) };
}

/** The types of one's own that definitions use; most fleets have none, for which nobody has to be asked. */
export async function readTypesOf(
  session: Session,
  exposure: Exposure,
  definitions: readonly Definition[],
): Promise<readonly UserType[]> {
  if (usedBy(definitions).size === 0) return [];
  const { types } = await inOneGo(session, () => readUsedTypes(session, exposure, definitions));
  return types;
}

/** Does a rule attach what the shard has itself to a table that it shows as a veneer? */
const hasHomes = (config: Config, shard: ShardConfig): boolean =>
  sharesParents(config) && config.veneers.some(({ name }) => name === shard.name);

/** Definitions; null where a lock that somebody else holds was in the way for longer than rollout.lock_wait. */
export async function unlessLocked<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (isState(error, SQLSTATE.lockNotAvailable)) return null;
    throw error;
  }
}

/** What a veneer shows, from its live catalogs. */
export interface VeneerFacts {
  readonly name: string;
  readonly version: number;
  readonly servers: readonly PresentServer[];
  readonly mappings: readonly PresentMapping[];
  /** Null where another session locks a definition that would have to be read. */
  readonly tables: readonly ForeignTable[] | null;
  readonly wantedPrivileges: readonly WantedPrivileges[];
  readonly privileges: readonly PresentPrivileges[];
  readonly prepared: readonly PreparedTransaction[];
  readonly runner: LockHolder | null;
  /** Null where the fleet was never set up there. */
  readonly ledger: readonly LedgerGroup[] | null;
  /** Views over all tenants; null where another session locks one of their branches. */
  readonly unions: readonly UnionFacts[] | null;
  /** Does pgveneer.tenants list other tenants than the fleet has, or elsewhere? */
  readonly listsOthers: boolean;
  /** Rows there of tenants that are databases, and listed no more. */
  readonly leftTenants: readonly TenantRow[];
}

/** The same of a veneer: in two round trips, with views over all tenants some more. */
export async function readVeneerFacts(config: Config, name: string, session: Session): Promise<VeneerFacts> {
  const names = shardsShownOn(config, name).map((shard) => shard.server.name);
  const [state, listed, tables, unions] = await allDone([
    readVeneerState(config, name, session, names),
    readListed(config, session),
    unlessLocked(() => inOneGo(session, () => readForeignTables(session, names))),
    unlessLocked(() =>
      hasUnions(config) ? inReadOnly(session, () => readUnionFacts(config, session)) : Promise.resolve([]),
    ),
  ]);
  return { name, version: session.server.version, ...state, ...listed, tables, unions };
}

type Listed = Pick<VeneerFacts, 'listsOthers' | 'leftTenants'>;
type VeneerState = Omit<VeneerFacts, 'name' | 'version' | 'tables' | 'unions' | keyof Listed>;

async function readVeneerState(
  config: Config,
  name: string,
  session: Session,
  servers: readonly string[],
): Promise<VeneerState> {
  const [privileges, [runner = null], prepared, present, mappings, ledger] = await inOneGoWith(
    session,
    'ledger',
    () =>
      allDone([
        readPrivilegesThere(session, wantedOnVeneer(config, name), schemasShownOn(config, name)),
        lockHolders(session, fleetKeys(config.fleet).run),
        readPrepared(session, config.fleet),
        readServers(session, servers),
        readMappings(session, servers),
        readLedger(session),
      ]),
  );
  return { prepared, servers: present, mappings, ...privileges, runner, ledger };
}

/**
 * Nothing where that cannot be read: a fleet that was never set up, a role that may not. That is asked first, since to be refused is
 * an error in the server's log; meanwhile the shards are read, which takes as many round trips.
 */
async function readListed(config: Config, session: Session): Promise<Listed> {
  const [row] = await inOneGo(session, () =>
    session.prepared<{ readable: boolean }>(
      `SELECT coalesce(has_schema_privilege(to_regnamespace('pgveneer'), 'USAGE')
                   AND has_table_privilege(to_regclass('pgveneer.tenant'), 'SELECT'), false) AS readable`,
    ),
  );
  if (row?.readable !== true) return { listsOthers: false, leftTenants: [] };
  const rows = await inOneGo(session, () => presentTenantRows(session));
  return {
    listsOthers: !areTenantRows(config, session.member, rows),
    leftTenants: leftRows(config, rows),
  };
}

/** Which of the names are borne by something that is no foreign table of ours. */
export const readTaken = (
  config: Config,
  session: Session,
  names: readonly QualifiedName[],
): Promise<Occupied[]> => {
  const servers = config.shards.map((shard) => shard.server.name);
  return inOneGo(session, () => readOccupied(session, servers, names));
};
