import { disconnectFdw } from '../../catalog/disconnect-fdw.js';
import { readReadable, type Readable } from '../../catalog/read-readable.js';
import { problemOf } from '../../errors.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { ident, nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { inReadOnly } from '../../postgres/transaction.js';
import { NOTHING_SHOWN, type MappingProbe } from '../../report/drift-of-servers.js';
import type { ShardFacts, VeneerFacts } from './facts.js';

/** Foreign tables of one server that are looked at for one that a role may read. */
const MOST_TABLES = 20;

/** postgres_fdw makes a connection first, which a busy machine need not do within a short rollout.lock_wait. */
const LEAST_MS = 5_000;

/** Tenants may have a database each, hundreds of them on one server: that some can be read tells enough of it. */
const MOST_PER_ADDRESS = 20;

/**
 * Does each mapping of a veneer work? One read for each server and role, as that role, in a transaction that is rolled
 * back: where this user may become the role, and the shard was reached by this command, too. Not while a run is at work
 * there: a session that has read a foreign table stands in the way of its fence.
 */
export async function probeMappings(
  config: Config,
  session: Session,
  veneer: VeneerFacts,
  shardFacts: ReadonlyMap<string, ShardFacts>,
): Promise<MappingProbe[]> {
  const shown = shardsShownOn(config, veneer.name).filter(({ name }) => shardFacts.has(name));
  const wanted = shown.flatMap((shard) =>
    shard.userMappings.map(({ role }) => ({
      server: shard.server.name,
      role,
      isTenants: shard.database !== null,
      address: JSON.stringify([shard.server.options['host'], shard.server.options['port']]),
      tables: tablesOf(shard, veneer, shardFacts),
    })),
  );
  if (veneer.runner !== null || veneer.prepared.length > 0)
    return wanted.map((one) => notProbed(one, 'a run is at work, or a step in doubt'));
  const found = await inReadOnly(session, () => readReadable(session, wanted));
  const readable = new Map(found.map((one) => [keyOf(one), one]));
  const probes: MappingProbe[] = [];
  for (const [, own] of groupBy(wanted, ({ address }) => address)) {
    const tried = own.slice(0, MOST_PER_ADDRESS);
    const timeoutMs = Math.max(config.rollout.lockWaitMs, LEAST_MS);
    for (const [server, ofServer] of groupBy(tried, (one) => one.server)) {
      probes.push(...(await probeServer(session, ofServer, readable, timeoutMs)));
      // Else postgres_fdw keeps a connection to each database until this session ends.
      if (ofServer.some(({ isTenants }) => isTenants)) await disconnectFdw(session, server);
    }
    const left = own.slice(MOST_PER_ADDRESS);
    probes.push(...left.map((one) => notProbed(one, `only ${MOST_PER_ADDRESS} are tried on one server`)));
  }
  return probes;
}

const probeServer = (
  session: Session,
  mappings: readonly Which[],
  readable: ReadonlyMap<string, Readable>,
  timeoutMs: number,
): Promise<MappingProbe[]> =>
  inReadOnly(session, async () => {
    await session.run(`SET LOCAL statement_timeout = ${timeoutMs}`);
    const probes: MappingProbe[] = [];
    for (const one of mappings) probes.push(await probe(session, one, readable.get(keyOf(one))));
    return probes;
  });

type Which = Pick<MappingProbe, 'server' | 'role'>;

const keyOf = ({ server, role }: Which): string => JSON.stringify([server, role]);

const notProbed = ({ server, role }: Which, why: string): MappingProbe => ({
  server,
  role,
  works: 'not probed',
  why,
});

/** Tables of the shard that the veneer shows; a view may take long to answer even one row. */
function tablesOf(
  shard: ShardConfig,
  veneer: VeneerFacts,
  shardFacts: ReadonlyMap<string, ShardFacts>,
): readonly QualifiedName[] {
  const present = new Set(
    (veneer.tables ?? []).filter(({ server }) => server === shard.server.name).map(nameKey),
  );
  return (shardFacts.get(shard.name)?.exposed ?? [])
    .filter(
      ({ relation, definition }) => ['r', 'p'].includes(relation.kind) && present.has(nameKey(definition)),
    )
    .slice(0, MOST_TABLES)
    .map(({ definition: { schema, name } }) => ({ schema, name }));
}

async function probe(session: Session, which: Which, readable: Readable | undefined): Promise<MappingProbe> {
  const { server, role } = which;
  if (readable === undefined) return notProbed(which, NOTHING_SHOWN);
  if (!readable.settable) return notProbed(which, 'this user cannot SET ROLE to it');
  if (readable.table === null) return notProbed(which, 'the role may read none of its foreign tables');
  await session.run(`SAVEPOINT probe; SET LOCAL ROLE ${ident(role)}`);
  try {
    await session.run(`SELECT FROM ${qualified(readable.table)} LIMIT 1`);
    return { server, role, works: 'yes', why: null };
  } catch (error) {
    if (session.isLost()) throw error;
    return failed(which, error);
  } finally {
    if (!session.isLost()) await session.run('ROLLBACK TO probe');
  }
}

/** The table itself may have changed on the shard: whoever is told so has come that far. Who waits knows nothing. */
function failed(which: Which, error: unknown): MappingProbe {
  if (isState(error, SQLSTATE.undefinedTable)) return { ...which, works: 'yes', why: null };
  if (isState(error, SQLSTATE.queryCanceled) || isState(error, SQLSTATE.lockNotAvailable))
    return notProbed(which, 'there was no answer in time');
  const { message, detail } = problemOf(error);
  return { ...which, works: 'no', why: detail === undefined ? message : `${message} (${detail})` };
}
