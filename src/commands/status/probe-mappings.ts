import { readDisconnect } from '../../catalog/disconnect-fdw.js';
import { readReadable, type Readable } from '../../catalog/relations/read-readable.js';
import { problemOf } from '../../errors.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { shardsShownOn } from '../../fleet/shown-shards.js';
import { groupBy } from '../../group-by.js';
import { allDone } from '../../postgres/all-done.js';
import { ident, nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { inOneGo } from '../../postgres/transaction.js';
import { NOTHING_SHOWN, type MappingProbe } from '../../report/drift/drift-of-servers.js';
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
  if (wanted.length === 0) return [];
  if (veneer.runner !== null || veneer.prepared.length > 0)
    return wanted.map((one) => notProbed(one, 'a run is at work, or a step in doubt'));
  const [found, disconnect] = await inOneGo(session, () =>
    allDone([
      readReadable(session, wanted),
      wanted.some(({ isTenants }) => isTenants) ? readDisconnect(session) : Promise.resolve(null),
    ]),
  );
  const readable = new Map(found.map((one) => [keyOf(one), one]));
  const timeoutMs = Math.max(config.rollout.lockWaitMs, LEAST_MS);
  const ofAddresses = [...groupBy(wanted, ({ address }) => address).values()];
  const tried = ofAddresses.flatMap((own) => own.slice(0, MOST_PER_ADDRESS));
  const left = ofAddresses.flatMap((own) => own.slice(MOST_PER_ADDRESS));
  const probes = await allDone(
    [...groupBy(tried, ({ server }) => server)].map(([server, mappings]) =>
      probeServer({ session, readable, timeoutMs, disconnect }, server, mappings),
    ),
  );
  return [
    ...probes.flat(),
    ...left.map((one) => notProbed(one, `only ${MOST_PER_ADDRESS} are tried on one server`)),
  ];
}

interface Probing {
  readonly session: Session;
  readonly readable: ReadonlyMap<string, Readable>;
  readonly timeoutMs: number;
  readonly disconnect: Awaited<ReturnType<typeof readDisconnect>>;
}

/** All is sent without waiting; the veneer comes to one probe after the other, and to the next server once this one is let go. */
async function probeServer(
  probing: Probing,
  server: string,
  mappings: readonly (Which & { readonly isTenants: boolean })[],
): Promise<MappingProbe[]> {
  const { session, readable, disconnect } = probing;
  // Of what nobody reads there is no connection, and before setup no server, which postgres_fdw refuses.
  const connects = mappings.some((one) => one.isTenants && readable.has(keyOf(one)));
  const [probes] = await allDone([
    allDone(mappings.map((one) => probe(probing, one))),
    // Else postgres_fdw keeps a connection to each database until this session ends.
    disconnect !== null && connects ? inOneGo(session, () => disconnect(server)) : Promise.resolve(),
  ]);
  return probes;
}

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

async function probe({ session, readable, timeoutMs }: Probing, one: Which): Promise<MappingProbe> {
  const { server, role } = one;
  const which = { server, role };
  const found = readable.get(keyOf(which));
  if (found === undefined) return notProbed(which, NOTHING_SHOWN);
  if (!found.settable) {
    const grant = `GRANT ${ident(role)} TO ${ident(session.server.user)}`;
    return notProbed(which, `this user cannot SET ROLE to it; it can after ${grant}`);
  }
  const { table } = found;
  if (table === null) return notProbed(which, 'the role may read none of its foreign tables');
  // Behind BEGIN, and not in its text: what is refused there says nothing of the mapping, and is thrown.
  return inOneGo(session, () => tryToRead(session, which, table), [
    `SET LOCAL statement_timeout = ${timeoutMs}`,
    `SET LOCAL ROLE ${ident(role)}`,
  ]);
}

async function tryToRead(session: Session, which: Which, table: QualifiedName): Promise<MappingProbe> {
  try {
    await session.precede(`SELECT FROM ${qualified(table)} LIMIT 1`);
    return { ...which, works: 'yes', why: null };
  } catch (error) {
    if (session.isLost()) throw error;
    return failed(which, error);
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
