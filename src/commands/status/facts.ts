import { readForeignTables, readOccupied, type Occupied } from '../../catalog/read-foreign-tables.js';
import {
  readPrivileges,
  readSchemas,
  type PresentPrivileges,
  type WantedPrivileges,
} from '../../catalog/read-privileges.js';
import { readLocalPartitions, type LocalPartition } from '../../catalog/read-local-partitions.js';
import { readRelations } from '../../catalog/read-relations.js';
import {
  readMappings,
  readServers,
  type PresentMapping,
  type PresentServer,
} from '../../catalog/read-servers.js';
import type { ForeignTable } from '../../catalog/relation.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { sharesParents } from '../../fleet/shares-parents.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { readLedger, type LedgerGroup } from '../../migrations/ledger.js';
import { fleetKeys, lockHolders, type LockHolder } from '../../postgres/fleet-lock.js';
import type { QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { inReadOnly } from '../../postgres/transaction.js';
import { readUsedTypes } from '../../protocol/shard/shard-types.js';
import type { UserType } from '../../catalog/type.js';
import { readPrepared, type PreparedTransaction } from '../../protocol/run/evidence.js';
import { readUnionFacts } from '../../protocol/align/union-facts.js';
import type { UnionFacts } from '../../veneer/unions.js';
import { exposureOf, sourceSchemas } from '../../veneer/exposure.js';
import { exposeRelations, type ExposedRelation } from '../../veneer/definition.js';
import { wantedOnShard } from '../setup/setup-shard.js';
import { leftRows, readTenantRows, tenantRows, type TenantRow } from '../setup/setup-state.js';
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

/** A fixed number of queries, however many tenants there are. */
export async function readShardFacts(
  config: Config,
  shard: ShardConfig,
  session: Session,
): Promise<ShardFacts> {
  const exposure = exposureOf(config, shard);
  const schemas = sourceSchemas(exposure);
  const state = await inReadOnly(session, async () => {
    const prepared = await readPrepared(session, config.fleet);
    const ledger = await readLedger(session);
    const [runner = null] = await lockHolders(session, fleetKeys(config.fleet).run);
    const there = await readSchemas(session, schemas);
    const wantedPrivileges = wantedOnShard(config, shard).filter(({ schema }) => there.has(schema));
    return {
      ledger,
      prepared,
      runner,
      wantedPrivileges,
      privileges: await readPrivileges(session, wantedPrivileges),
      partitions: hasHomes(config, shard) ? await readLocalPartitions(session, schemas) : [],
    };
  });
  const relations = await unlessLocked(() => inReadOnly(session, () => readRelations(session, { schemas })));
  const exposed = relations === null ? null : exposeRelations(exposure, relations);
  const definitions = (exposed ?? []).map(({ definition }) => definition);
  const { types } = await inReadOnly(session, () => readUsedTypes(session, exposure, definitions));
  return { shard, ...state, exposed, types };
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

export async function readVeneerFacts(config: Config, name: string, session: Session): Promise<VeneerFacts> {
  const names = shardsShownOn(config, name).map((shard) => shard.server.name);
  const state = await inReadOnly(session, async () => {
    const there = await readSchemas(session, schemasShownOn(config, name));
    const wantedPrivileges = wantedOnVeneer(config, name).filter(({ schema }) => there.has(schema));
    const [runner = null] = await lockHolders(session, fleetKeys(config.fleet).run);
    return {
      prepared: await readPrepared(session, config.fleet),
      servers: await readServers(session, names),
      mappings: await readMappings(session, names),
      wantedPrivileges,
      privileges: await readPrivileges(session, wantedPrivileges),
      runner,
      ledger: await readLedger(session),
      ...(await readListed(config, session)),
    };
  });
  const tables = await unlessLocked(() => inReadOnly(session, () => readForeignTables(session, names)));
  const unions = await unlessLocked(() => inReadOnly(session, () => readUnionFacts(config, session)));
  return { name, version: session.server.version, ...state, tables, unions };
}

/** Nothing where that cannot be read: a fleet that was never set up, a role that may not. */
async function readListed(
  config: Config,
  session: Session,
): Promise<Pick<VeneerFacts, 'listsOthers' | 'leftTenants'>> {
  const [row] = await session.query<{ readable: boolean }>(
    `SELECT coalesce(has_schema_privilege(to_regnamespace('pgveneer'), 'USAGE')
                 AND has_table_privilege(to_regclass('pgveneer.tenant'), 'SELECT'), false) AS readable`,
  );
  if (row?.readable !== true) return { listsOthers: false, leftTenants: [] };
  return {
    listsOthers: (await tenantRows(config, session)).length > 0,
    leftTenants: leftRows(config, (await readTenantRows(session)) ?? []),
  };
}

/** Which of the names are borne by something that is no foreign table of ours. */
export const readTaken = (
  config: Config,
  session: Session,
  names: readonly QualifiedName[],
): Promise<Occupied[]> =>
  readOccupied(
    session,
    config.shards.map((shard) => shard.server.name),
    names,
  );
