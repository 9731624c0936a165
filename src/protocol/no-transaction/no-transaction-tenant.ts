import { EXIT, textOf, VeneerError } from '../../errors.js';
import { forgetFills, hasFilled } from '../../migrations/ledger/fill-progress.js';
import { takenDownMeanwhile } from '../../migrations/ledger/ledger-errors.js';
import {
  forgetRunning,
  lockEntry,
  writeApplied,
  writeLeaving,
  writeRunning,
  writeStanding,
} from '../../migrations/ledger/ledger-running.js';
import type { Statement } from '../../migrations/migration.js';
import { display, ident, literal } from '../../postgres/identifiers.js';
import { PLAN_AS_CONFIGURED } from '../../postgres/hygiene.js';
import { isConnectionLost, isLockConflict, SQLSTATE } from '../../postgres/sqlstate.js';
import { inTransaction } from '../../postgres/transaction.js';
import { fills, runBackfill } from './backfill.js';
import { dropLeftIndexes, inTenant, readNamed } from './left-indexes.js';
import { refuseInterrupted } from './no-transaction-watch.js';
import { explain } from '../shard/explain-failure.js';
import { backoff } from '../lane/backoff.js';
import type { TenantWork } from './tenant-work.js';

/** What the ledger said before: nothing of it; that it began, with this text or with another one; that all is done. */
type Begun = 'first' | 'resumed' | 'edited' | 'done';

/** How the ledger says that all statements have run, and that none has left a trace. */
const RECORDS = {
  up: { ended: writeApplied, undone: forgetRunning },
  down: { ended: forgetRunning, undone: writeStanding },
} as const;

/**
 * Runs a migration's statements for one tenant, each by itself (PROTOCOL section 9). The ledger says `running` before
 * the first, and `applied` (down: nothing) after the last. In between whatever happens leaves the row, so that the next run knows;
 * an error of PostgreSQL's own takes it away again where nothing is left. Answers the most attempts of a statement.
 */
export async function runWithoutTransaction(work: TenantWork): Promise<number> {
  const { run, session, tenant } = work;
  await session.freshen();
  const begun = await begin(work);
  if (begun === 'done') return 1;
  await session.run(PLAN_AS_CONFIGURED.map((setting) => `SET ${setting}`).join('; '));
  const attempts = await runAll(work, begun);
  await session.freshen();
  await run.at(`before applied:${tenant.name}`);
  await RECORDS[work.direction].ended(session, work);
  await run.at(`after applied:${tenant.name}`);
  return attempts;
}

/**
 * Records that it begins. That no index of a name to be created was there before is seen in the same transaction:
 * it proves that one which is there when the migration is run again was made by it.
 */
async function begin(work: TenantWork): Promise<Begun> {
  const { run, session, migration, tenant } = work;
  await run.at(`before running:${tenant.name}`);
  const begun = await inTransaction(session, async (): Promise<Begun> => {
    const entry = await lockEntry(session, work);
    if (work.direction === 'up' && entry?.state === 'applied') return 'done';
    if (work.direction === 'down' && entry === null) throw takenDownMeanwhile(session.member, migration);
    const first = entry?.state !== 'running';
    if (first) await refuseTaken(work);
    if (first && fills(work.statements)) await forgetFills(session, work);
    await (work.direction === 'up' ? writeRunning : writeLeaving)(session, work);
    if (entry === null || first) return 'first';
    return entry.checksum === migration.checksum ? 'resumed' : 'edited';
  });
  await run.at(`after running:${tenant.name}`);
  return begun;
}

/** What is there before the first statement, under a name that the migration gives to an index, is somebody else's. */
async function refuseTaken(work: TenantWork): Promise<void> {
  const used = new Set<string>();
  for (const { effect } of work.statements) {
    if (effect?.kind === 'drops index') used.add(display(inTenant(effect.index, work.tenant)));
    if (effect?.kind !== 'creates index') continue;
    const name = inTenant({ ...effect.table, name: effect.index }, work.tenant);
    const found = used.has(display(name)) ? null : await readNamed(work.session, name);
    used.add(display(name));
    if (found?.valid === false) throw isInvalid(work, display(name), 'was there before');
    if (found === null || effect.ifNotExists) continue;
    throw refused(work, `relation "${effect.index}" already exists`, {
      sqlstate: SQLSTATE.duplicateTable,
      hint: 'drop it first, give the index another name, or write IF NOT EXISTS',
    });
  }
}

const refused = (
  { session, tenant, migration }: TenantWork,
  message: string,
  more: { readonly sqlstate?: string; readonly hint: string },
): VeneerError =>
  new VeneerError(message, {
    exitCode: EXIT.failed,
    where: { member: session.member, tenant: tenant.name, migration: migration.name, file: migration.file },
    ...more,
  });

/** IF NOT EXISTS would keep it in silence. */
const isInvalid = (work: TenantWork, name: string, when: string): VeneerError =>
  refused(work, `index ${name} ${when}, and is invalid: it was not built to its end`, {
    hint: `DROP INDEX CONCURRENTLY it by hand, once you know whose it is`,
  });

/** All statements; what a clean failure leaves is removed, and where nothing is left, the ledger's row. */
async function runAll(work: TenantWork, begun: Begun): Promise<number> {
  let attempts = 1;
  let lasting = false;
  try {
    if (begun !== 'first') await tidyUp(work);
    for (const statement of work.statements) {
      refuseInterrupted(work.run.signal);
      await work.run.at(`before statement:${work.tenant.name}`);
      const done = begun === 'resumed' && (await isDone(work, statement));
      if (!done) attempts = Math.max(attempts, await runStatement(work, statement));
      lasting ||= isLasting(statement);
      await work.run.at(`after statement:${work.tenant.name}`);
    }
    return attempts;
  } catch (error) {
    throw await cleanedUp(work, error, lasting);
  }
}

/** Of an earlier run that was interrupted. */
async function tidyUp(work: TenantWork): Promise<void> {
  const { run, statements, tenant, migration } = work;
  const text = `${migration.name} was interrupted half way for ${tenant.name}: it runs again`;
  run.onProgress({ type: 'notice', text });
  await dropLeftIndexes(work, statements);
}

/** May not be run a second time. */
const isLasting = ({ effect }: Statement): boolean =>
  (effect?.kind === 'creates index' && !effect.ifNotExists) ||
  (effect?.kind === 'drops index' && !effect.ifExists);

/** Did the interrupted run do this already? Invalid indexes are gone by now, and none was there before: see `begin`. */
async function isDone({ session, tenant }: TenantWork, statement: Statement): Promise<boolean> {
  const { effect } = statement;
  if (!isLasting(statement)) return false;
  if (effect?.kind === 'creates index')
    return (await readNamed(session, inTenant({ ...effect.table, name: effect.index }, tenant))) !== null;
  return (
    effect?.kind === 'drops index' && (await readNamed(session, inTenant(effect.index, tenant))) === null
  );
}

/** A deadlock takes nothing but what this very statement had begun: that is dropped, and it is tried again. */
async function runStatement(work: TenantWork, statement: Statement): Promise<number> {
  const { run } = work;
  for (let attempts = 1; ; attempts++) {
    try {
      return Math.max(attempts, await execute(work, statement));
    } catch (error) {
      // A batch was tried again by itself.
      if (
        statement.effect?.kind === 'fills' ||
        !isLockConflict(error) ||
        attempts > run.config.rollout.retries
      )
        throw error;
      work.onRetry(textOf(error));
      await dropLeftIndexes(work, [statement]);
    }
    await backoff(attempts, run.signal);
    refuseInterrupted(run.signal);
  }
}

/** Answers the most attempts of a batch; of what is no backfill 1. */
async function execute(work: TenantWork, statement: Statement): Promise<number> {
  const { session, tenant, migration } = work;
  const { sql, effect } = statement;
  await session.run(
    [
      `SET search_path TO ${ident(tenant.schema)}`,
      `SET pgveneer.tenant TO ${literal(tenant.name)}`,
      `SET pgveneer.shard TO ${literal(tenant.shard)}`,
    ].join('; '),
  );
  if (effect?.kind === 'fills') return runBackfill(work, effect.backfill);
  try {
    // A function may do anything; here the server lets it do nothing.
    if (effect?.kind === 'reads') await inTransaction(session, () => session.run(sql), 'BEGIN READ ONLY');
    else await session.run(sql);
  } catch (error) {
    throw explain(error, migration, [{ tenant: tenant.name, prologue: [], statements: [statement] }]);
  }
  if (effect?.kind !== 'creates index') return 1;
  const name = inTenant({ ...effect.table, name: effect.index }, tenant);
  if ((await readNamed(session, name))?.valid !== true) throw isInvalid(work, display(name), 'is there');
  return 1;
}

/**
 * The error, once what the failed statement left is removed. A lost connection or an interrupted run leaves all as it
 * is: dropping waits for the very sessions that the statement waited for.
 */
async function cleanedUp(work: TenantWork, error: unknown, lasting: boolean): Promise<unknown> {
  const { run, session, statements } = work;
  if (run.signal.aborted || session.isLost() || isConnectionLost(error)) return error;
  try {
    await dropLeftIndexes(work, statements);
    if (lasting || (fills(statements) && (await hasFilled(session, work))))
      return remarked(error, 'the statements before it are done; migrate up goes on behind them');
    await session.freshen();
    await RECORDS[work.direction].undone(session, work);
    return error;
  } catch (failure) {
    return remarked(error, `what it left is still there (${textOf(failure)}); migrate up removes it`);
  }
}

function remarked(error: unknown, remark: string): unknown {
  if (!(error instanceof VeneerError)) return error;
  const detail = [error.facts.detail, remark].filter(Boolean).join('\n');
  return new VeneerError(error.message, { ...error.facts, detail });
}
