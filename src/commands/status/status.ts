import path from 'node:path';
import type { Occupied } from '../../catalog/relations/read-foreign-tables.js';
import type { Config, ShardConfig } from '../../config/config.js';
import { problemOf, type Problem } from '../../errors.js';
import { allMembers } from '../../fleet/member.js';
import { selectShards, type Selection } from '../../fleet/selection.js';
import { loadMigrations } from '../../migrations/load/load.js';
import type { Migration } from '../../migrations/migration.js';
import { allDone } from '../../postgres/all-done.js';
import type { DriftGrade } from '../../report/drift/drift.js';
import type { StatusReport } from '../../report/status.js';
import type { StatusFacts } from './status-facts.js';
import { readChangedBounds, type IsSelected } from '../setup/changed-bounds.js';
import { foldStatus } from './status-report.js';
import { probeMappings } from './probe-mappings.js';
import { readAll } from './read-all.js';
import { readSiblings, type SiblingFacts } from './status-siblings.js';
import { readJournals, unknownSteps } from './status-steps.js';
import { readVeneerTypes } from './status-types.js';
import type { CommandContext } from '../common/context.js';
import { readMarked } from './marked-databases.js';
import { readShardFacts, readTaken, readVeneerFacts, type ShardFacts } from './facts.js';
import { lockStepNotices } from '../common/lock-step-notice.js';
import { withReaders, type Readers } from '../common/readers.js';
import { verifyImports } from './verify-imports.js';

export interface StatusOptions extends Selection {
  /** Compare with what IMPORT FOREIGN SCHEMA makes of the shards as well, and the bounds of partitions with their rules. */
  readonly verify: boolean;
  /** Drift of a better grade does not make the exit code 11. */
  readonly failOn: DriftGrade;
}

/**
 * Where the fleet stands, read from the live catalogs alone: migrations applied and pending, drift, what is in
 * doubt, who cannot be reached. Takes no lock of the fleet, writes nothing, works before setup too.
 */
export async function status(
  config: Config,
  options: StatusOptions,
  context: CommandContext,
): Promise<StatusReport> {
  const shards = selectShards(config, options);
  const { migrations, problem } = await migrationsOrProblem(config);
  return withReaders(config, context, async (readers) => {
    const problems = new Map(readers.unreachable);
    const [{ lastSteps, lastRun }, { shardFacts, siblings }, veneerFacts] = await allDone([
      readJournals(config, readers),
      readShards(config, shards, problems, readers),
      readAll(config.veneers, problems, (veneer) =>
        readVeneerFacts(config, veneer.name, readers.sessionOf(veneer.name)),
      ),
    ]);
    const read = { shardFacts, veneerFacts };
    const marked = readMarked(config, context.who);
    // Not while databases are looked for: each probe is a connection more to a server that may have few to spare.
    const probed = marked.then(() => probeAll(config, readers, read, problems));
    const [compared, probes, unfinished, unknown] = await allDone([
      readCompared(config, readers, read, problems),
      probed,
      marked,
      unknownSteps(lastSteps, shards, readers),
    ]);
    const facts: StatusFacts = {
      config,
      shards,
      migrations,
      ...read,
      ...compared,
      probes,
      marked: unfinished,
      siblings,
      unknownSteps: unknown,
      lastRun,
      problems,
      versions: versionsOf(config, readers),
      lockStep: lockStepNotices(config, (member) => readers.sessions.get(member)),
      verified: options.verify ? await verifyImports(config, shards, shardFacts, readers) : null,
      bounds: options.verify
        ? await readAll([...veneerFacts.values()], problems, ({ name }) =>
            readChangedBounds(config, readers.sessionOf(name), selectedOf(shards)),
          )
        : new Map(),
    };
    return foldStatus(facts, { failOn: options.failOn, problems: problem === null ? [] : [problem] });
  });
}

const selectedOf = (shards: readonly ShardConfig[]): IsSelected => {
  const tenantsOf = new Map(
    shards.map(({ name, tenants }) => [
      name,
      new Set<string | null>([null, ...tenants.map((one) => one.name)]),
    ]),
  );
  return (shard, tenant) => tenantsOf.get(shard)?.has(tenant) === true;
};

/** A broken migration must not hide the state of the fleet. */
async function migrationsOrProblem(
  config: Config,
): Promise<{ migrations: readonly Migration[]; problem: Problem | null }> {
  try {
    return {
      migrations: await loadMigrations(config.migrations, { projectRoot: path.dirname(config.file) }),
      problem: null,
    };
  } catch (error) {
    return { migrations: [], problem: problemOf(error) };
  }
}

/** What the shards alone tell; a veneer, which shows the tables of all of them, takes longer to read than each. */
async function readShards(
  config: Config,
  shards: readonly ShardConfig[],
  problems: Map<string, Problem>,
  readers: Readers,
): Promise<{ readonly shardFacts: ReadonlyMap<string, ShardFacts>; readonly siblings: SiblingFacts }> {
  const shardFacts = await readAll(shards, problems, (shard) =>
    readShardFacts(config, shard, readers.sessionOf(shard.name)),
  );
  return { shardFacts, siblings: await readSiblings(config, readers, shardFacts, problems) };
}

type Read = Pick<StatusFacts, 'shardFacts' | 'veneerFacts'>;

/** What stands on each veneer for what the shards have: under the names of their definitions, and for their types. */
async function readCompared(
  config: Config,
  readers: Readers,
  read: Read,
  problems: Map<string, Problem>,
): Promise<Pick<StatusFacts, 'taken' | 'veneerTypes'>> {
  const [taken, veneerTypes] = await allDone([
    readAllTaken(config, readers, read, problems),
    readAll([...read.veneerFacts.values()], problems, ({ name }) =>
      readVeneerTypes(readers.sessionOf(name), [...read.shardFacts.values()]),
    ),
  ]);
  return { taken, veneerTypes };
}

const probeAll = (
  config: Config,
  { sessionOf }: Readers,
  { shardFacts, veneerFacts }: Read,
  problems: Map<string, Problem>,
): Promise<StatusFacts['probes']> =>
  readAll([...veneerFacts.values()], problems, (veneer) =>
    probeMappings(config, sessionOf(veneer.name), veneer, shardFacts),
  );

/** What stands on each veneer under a name that one of the shards' definitions takes. */
function readAllTaken(
  config: Config,
  { sessionOf }: Readers,
  { shardFacts, veneerFacts }: Read,
  problems: Map<string, Problem>,
): Promise<ReadonlyMap<string, readonly Occupied[]>> {
  const names = [...shardFacts.values()].flatMap(({ exposed }) =>
    (exposed ?? []).map(({ definition }) => definition),
  );
  return readAll([...veneerFacts.values()], problems, ({ name }) =>
    readTaken(config, sessionOf(name), names),
  );
}

function versionsOf(config: Config, { sessionOf, unreachable }: Readers): ReadonlyMap<string, number> {
  const names = allMembers(config).map((member) => member.name);
  return new Map(
    names.filter((name) => !unreachable.has(name)).map((name) => [name, sessionOf(name).server.version]),
  );
}
