import { VeneerError } from '../../errors.js';
import { display } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { isState, SQLSTATE } from '../../postgres/sqlstate.js';
import type { Change } from '../../veneer/tables/reconcile.js';
import { runAttaching } from './attach.js';
import { tagged, type VeneerStatement } from '../group/veneer-statement.js';
import type { Budget } from '../lane/budget.js';
import type { Lane } from '../lane/lane.js';
import { runBatched } from './run-batched.js';

/**
 * In order; what attaches a partition runs by itself, since it may have to look into what stands in its way. `behind` asks for
 * what all of them leave. Answers the statements.
 */
export async function runChanges(
  lane: Lane,
  session: Session,
  changes: readonly Change[],
  budget: Budget,
  behind: () => Promise<void> = async () => undefined,
): Promise<VeneerStatement[]> {
  const all = batches(changes);
  const last = all.at(-1);
  for (const batch of all) {
    const unlocked = new Set(
      batch.filter(
        ({ kind, table }) => kind !== 'create' && budget.noteLocked(session.member, display(table)),
      ),
    );
    const then = batch === last ? { behind } : {};
    await runBatch(lane, session, batch, { budget, unlocked, ...then });
  }
  if (last === undefined) await behind();
  return changes.flatMap(({ remote, statements }) => tagged({ kind: 'table', remote }, statements));
}

/** Runs of changes that may share a text: what attaches stands alone, and what creates waits for nobody's lock. */
function batches(changes: readonly Change[]): Change[][] {
  const done: Change[][] = [];
  for (const change of changes) {
    const last = done.at(-1);
    const [other] = last ?? [];
    const alike =
      other !== undefined && !isAttach(other) && !isAttach(change) && isCreate(other) === isCreate(change);
    if (alike) last?.push(change);
    else done.push([change]);
  }
  return done;
}

const isAttach = ({ attach }: Change): boolean => attach !== undefined;
const isCreate = ({ kind }: Change): boolean => kind === 'create';

interface BatchParts {
  readonly budget: Budget;
  readonly unlocked: ReadonlySet<Change>;
  readonly behind?: () => Promise<void>;
}

async function runBatch(
  lane: Lane,
  session: Session,
  batch: readonly Change[],
  { budget, unlocked, behind = async () => undefined }: BatchParts,
): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  const { attach, statements } = first;
  if (attach === undefined) {
    await runBatched(session, budget, batch, {
      waits: (change) => unlocked.has(change),
      explain: (error, change) => explain(error, lane, change),
      behind,
    });
    return;
  }
  try {
    await runAttaching(session, budget.limits(session), statements, attach);
  } catch (error) {
    throw explain(error, lane, first);
  }
  await behind();
}

function explain(error: unknown, lane: Lane, change: Change): unknown {
  if (!(error instanceof VeneerError)) return error;
  const hint = hintFor(error, lane);
  if (hint === null) return error;
  return new VeneerError(`${display(change.table)} cannot be changed on the veneer: ${error.message}`, {
    ...error.facts,
    hint,
  });
}

function hintFor(error: VeneerError, lane: Lane): string | null {
  if (isState(error, SQLSTATE.undefinedSchema)) return 'migrate setup makes the schemas of the veneer';
  const { name: server } = lane.shard.server;
  if (isState(error, SQLSTATE.undefinedObject) && error.message.includes(server))
    return `migrate setup makes server ${server}`;
  if (isState(error, SQLSTATE.undefinedObject, SQLSTATE.undefinedFunction)) {
    return 'the veneer lacks what the column needs: make it there, upgrade the veneer, or leave the relation out by expose … except';
  }
  if (isState(error, SQLSTATE.tooManyColumns)) {
    return 'dropped columns keep their numbers, of which a table has 1600: drop the foreign table on the veneer, and what hangs on it; migrate sync makes it anew';
  }
  if (isState(error, SQLSTATE.dependentObjects, SQLSTATE.featureNotSupported)) {
    return 'change or drop what depends on it on the veneer first; nothing is ever dropped by CASCADE';
  }
  return isState(error, SQLSTATE.insufficientPrivilege)
    ? 'the runner must own the foreign tables of its veneer'
    : null;
}
