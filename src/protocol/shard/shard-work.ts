import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import {
  readStorage,
  replacedStorage,
  tightenedStorage,
  touchedRelations,
  type RawRelation,
} from '../../catalog/read-raw.js';
import { changedTypes, currentXid } from '../../catalog/read-raw-types.js';
import { readRelations } from '../../catalog/read-relations.js';
import { findRenames } from '../../catalog/renames.js';
import { allDone } from '../../postgres/all-done.js';
import { ledgerText, readWritten, writeLedger, type LedgerWrite } from '../../migrations/ledger-writes.js';
import type { PlannedStep } from '../../migrations/plan.js';
import { literal, type QualifiedName } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposeRelations, type Definition, type ExposedRelation } from '../../veneer/definition.js';
import { exposureOf, shownAs, sourceSchemas, type Exposure } from '../../veneer/exposure.js';
import { refuseNames } from '../../veneer/refuse-names.js';
import type { ExposedRename } from '../../veneer/pair-tables.js';
import type { Budget } from '../lane/budget.js';
import { wholeShard, type Lane } from '../lane/lane.js';
import { beginClean, COME_CLEAN } from './clean.js';
import { runSubjects } from './run-subjects.js';
import { readShardTypes, type ShardTypes } from './shard-types.js';
import { subjectsOf } from './subject.js';

/** What a migration changed on its shard, read inside its own transaction. */
export interface ShardChanges {
  readonly wanted: readonly Definition[];
  /** The names that the rules gave on veneers to what changed, as it was before. */
  readonly shown: readonly QualifiedName[];
  /** The relations behind what is wanted, and the tenants' relations as they were. */
  readonly exposed: readonly ExposedRelation[];
  readonly before: readonly RawRelation[];
  readonly renames: readonly ExposedRename[];
  readonly exposure: Exposure;
  readonly types: ShardTypes;
  /** Tables whose rows an old remote snapshot would no longer find: see fence.ts. */
  readonly rewritten: readonly QualifiedName[];
  /** Tables with a new NOT NULL, which an old remote snapshot may contradict: see fence.ts. */
  readonly tightened: readonly QualifiedName[];
}

export interface ShardWork {
  readonly step: string;
  readonly planned: PlannedStep;
  readonly budget: Budget;
  readonly onTenant: (done: number) => void;
}

/** Begins, records and runs a migration for its tenants or the shard itself; leaves the transaction open. Answers its xid. */
export async function beginOnShard(lane: Lane, session: Session, work: ShardWork): Promise<string> {
  const { direction } = work.planned;
  const write = ledgerWrite(lane, work);
  const written = await beginClean(lane.run, session, work.budget, ledgerText(direction, write));
  const xid = readWritten(session, direction, write, written);
  await runRecorded(lane, session, work);
  await lane.run.at(`after statements:${lane.shard.name}`);
  return xid;
}

/** The same in a transaction that is open already. */
export async function runOnShard(lane: Lane, session: Session, work: ShardWork): Promise<void> {
  await writeLedger(session, work.planned.direction, ledgerWrite(lane, work));
  await runRecorded(lane, session, work);
}

const ledgerWrite = ({ run }: Lane, { step, planned: { migration, tenants } }: ShardWork): LedgerWrite => ({
  step,
  migration,
  tenants,
  appliedBy: run.who,
});

async function runRecorded({ run, shard }: Lane, session: Session, work: ShardWork): Promise<void> {
  const { migration, direction } = work.planned;
  await runSubjects(session, {
    migration,
    verified: direction === 'up',
    subjects: subjectsOf(work.planned, shard),
    budget: work.budget,
    at: run.at,
    onDone: work.onTenant,
    epilogue: () => cleaning(session, work),
  });
}

/** Undoes what the migration set for itself, and writes down how long it took. */
export async function comeClean(session: Session, work: Pick<ShardWork, 'budget' | 'step'>): Promise<void> {
  await session.run(cleaning(session, work).join('; '));
}

/** As statements for the end of a text. */
function cleaning(session: Session, { budget, step }: Pick<ShardWork, 'budget' | 'step'>): readonly string[] {
  const { lock_timeout, statement_timeout } = budget.shrinking(session);
  return [
    `SELECT pg_catalog.set_config('lock_timeout', ${lock_timeout}, true), pg_catalog.set_config('statement_timeout', ${statement_timeout}, true)`,
    COME_CLEAN,
    `UPDATE pgveneer.ledger SET duration = clock_timestamp() - applied_at WHERE step = ${literal(step)}`,
  ];
}

/**
 * Reads what changed: *after* inside the open transaction, *before* by raw names from elsewhere. In every tenant of
 * the shard, not in the step's alone: a migration may name the schema of another one.
 */
export async function readChanges(
  lane: Lane,
  session: Session,
  schemas: 'stay' | 'may go' = 'stay',
): Promise<ShardChanges> {
  const was = lane.before(lane.shard.name);
  const { config } = lane.run;
  const whole = wholeShard(lane);
  const exposure = exposureOf(config, whole);
  const sources = sourceSchemas(exposure);
  // What is asked together takes one round trip of each connection; what one of these breaks, those after it only run into.
  const [oids, xid] = await allDone([
    touchedRelations(session),
    currentXid(session),
    schemas === 'stay' ? refuseMovedSchemas(session, was.anchor, whole.tenants) : Promise.resolve(),
  ]);
  const [after, stored, before, wasStored, changed] = await allDone([
    readRelations(session, { schemas: sources, oids }),
    readStorage(session, oids),
    was.relations(oids),
    was.storage(oids),
    changedTypes(session, was.anchor, { xid, touched: oids }),
  ]);
  const exposed = exposeRelations(exposure, after);
  refuseNames(lane.shard.name, exposed);
  const ours = before.filter((relation) => sources.includes(relation.schema));
  const wanted = exposed.map(({ definition }) => definition);
  return {
    wanted,
    exposure,
    exposed,
    before: ours,
    types: await readShardTypes(session, was, { exposure, definitions: wanted, changed }),
    rewritten: replacedStorage(wasStored, stored),
    tightened: tightenedStorage(wasStored, stored),
    shown: ours.flatMap((relation) => shownAs(exposure, relation)?.name ?? []),
    renames: findRenames(ours, after).flatMap((rename): ExposedRename[] => {
      const was = shownAs(exposure, rename.from);
      return was === null ? [] : [{ ...rename, was: was.name }];
    }),
  };
}

/** ALTER SCHEMA RENAME leaves no lock to be seen (PROTOCOL section 4, number 3), so namespaces are compared. */
async function refuseMovedSchemas(
  session: Session,
  anchor: Session,
  tenants: readonly TenantConfig[],
): Promise<void> {
  const oidsOf = async (on: Session): Promise<Map<string, string>> => {
    const rows = await on.prepared<{ name: string; oid: string }>(
      'SELECT nspname::text AS name, oid::text AS oid FROM pg_namespace WHERE nspname = ANY ($1::text[])',
      [tenants.map((tenant) => tenant.schema)],
    );
    return new Map(rows.map((row) => [row.name, row.oid]));
  };
  const [before, after] = await Promise.all([oidsOf(anchor), oidsOf(session)]);
  const moved = tenants.find(({ schema }) => before.has(schema) && after.get(schema) !== before.get(schema));
  if (moved === undefined) return;
  throw new VeneerError(
    `the migration renames or drops schema ${moved.schema}, which is tenant ${moved.name}`,
    {
      exitCode: EXIT.failed,
      where: { member: session.member, tenant: moved.name },
      hint: 'change the objects inside of a tenant, not the tenant itself',
    },
  );
}
