import { createHash } from 'node:crypto';
import { backfillSql, batchOf, type Backfill } from '../../backfill.js';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import {
  readFill,
  writeFill,
  type FillKey,
  type FillProgress,
} from '../../migrations/ledger/fill-progress.js';
import type { Statement } from '../../migrations/migration.js';
import { ident } from '../../postgres/identifiers.js';
import { isLockConflict, isState, SQLSTATE } from '../../postgres/sqlstate.js';
import { inTransaction } from '../../postgres/transaction.js';
import { startBudget } from '../lane/budget.js';
import { keyList, keyValues, readFillTable, type FillTable } from './backfill-table.js';
import { refuseInterrupted } from './no-transaction-watch.js';
import { refuseForeignWrites } from '../step/protocol-choice.js';
import { explain } from '../shard/explain-failure.js';
import { backoff } from '../lane/backoff.js';
import type { TenantWork } from './tenant-work.js';

/**
 * Goes through a table in the order of its primary key, a range of rows in each transaction, which also writes down how
 * far that came. So whatever cuts it, a batch and its mark are there together or not at all, and the next run goes on
 * behind the mark: no row is changed twice, and none left out (PROTOCOL section 9). Nothing else is locked, and on no
 * veneer anything. Answers the most attempts of a batch.
 */
export async function runBackfill(work: TenantWork, backfill: Backfill): Promise<number> {
  const { run, session, tenant } = work;
  const key: FillKey = { ...work, fill: fillName(work, backfill) };
  const table = await readTable(work, backfill);
  const told = teller(work, table);
  let progress = await readFill(session, key);
  let most = 1;
  while (progress === null || progress.behind !== null) {
    refuseInterrupted(run.signal);
    await run.at(`before batch:${tenant.name}`);
    const batch = await runBatch(work, { backfill, key, table }, progress);
    await run.at(`after batch:${tenant.name}`);
    progress = batch.progress;
    most = Math.max(most, batch.attempts);
    told(progress);
  }
  return most;
}

/** What it does, and which one it is of those that do the same; an edit of its batch or of a comment changes nothing. */
function fillName({ statements }: Pick<TenantWork, 'statements'>, backfill: Backfill): string {
  const sql = backfillSql(backfill);
  const fills = statements.flatMap(({ effect }) => (effect?.kind === 'fills' ? [effect.backfill] : []));
  const same = fills.filter((one) => backfillSql(one) === sql);
  return `${createHash('sha256').update(sql).digest('hex').slice(0, 16)}.${same.indexOf(backfill) + 1}`;
}

async function readTable(work: TenantWork, { table, set }: Backfill): Promise<FillTable> {
  const { session, tenant } = work;
  const found = await readFillTable(session, tenant, table);
  if ('why' in found) throw refused(work, found.why, found.hint);
  const moved = found.key.find(({ name }) => Object.hasOwn(set, name));
  if (moved !== undefined)
    throw refused(
      work,
      `${moved.name} is part of the primary key, in whose order the backfill goes`,
      'change it in a migration of its own',
    );
  return found;
}

const refused = ({ session, tenant, migration }: TenantWork, message: string, hint: string): VeneerError =>
  new VeneerError(`backfill: ${message}`, {
    exitCode: EXIT.failed,
    where: { member: session.member, tenant: tenant.name, migration: migration.name, file: migration.file },
    hint,
  });

interface Fill {
  readonly backfill: Backfill;
  readonly key: FillKey;
  readonly table: FillTable;
}

interface Batch {
  readonly progress: FillProgress;
  readonly attempts: number;
}

/** A batch that lost a lock is tried again, `rollout.retries` times; its rows wait for nobody meanwhile. */
async function runBatch(work: TenantWork, fill: Fill, before: FillProgress | null): Promise<Batch> {
  const { run, session } = work;
  for (let attempts = 1; ; attempts++) {
    const budget = startBudget(run.config.rollout);
    try {
      return { progress: await inTransaction(session, () => fillRange(work, fill, before)), attempts };
    } catch (error) {
      const isCancelled = isState(error, SQLSTATE.queryCanceled) && !run.signal.aborted;
      if (isCancelled && budget.isUsedUp()) throw tooLong(work, fill, error);
      if (!isLockConflict(error) || attempts > run.config.rollout.retries) throw ofMigration(work, error);
      work.onRetry(textOf(error));
    }
    await backoff(attempts, run.signal);
    refuseInterrupted(run.signal);
  }
}

/** PostgreSQL's position in a batch is none in the file. */
const ofMigration = ({ migration, tenant }: TenantWork, error: unknown): unknown =>
  explain(error, migration, [{ tenant: tenant.name, prologue: [], statements: [] }]);

const tooLong = (work: TenantWork, { backfill }: Fill, cause: unknown): VeneerError =>
  new VeneerError(
    `backfill: a batch took longer than rollout.lock_hold (${work.run.config.rollout.lockHoldMs} ms)`,
    {
      exitCode: EXIT.failed,
      where: { member: work.session.member, tenant: work.tenant.name, migration: work.migration.name },
      detail: textOf(cause),
      hint: `make it smaller than ${batchOf(backfill)} rows; it goes on where it stands`,
      cause,
    },
  );

async function fillRange(work: TenantWork, fill: Fill, before: FillProgress | null): Promise<FillProgress> {
  const { session, tenant } = work;
  const { backfill, key, table } = fill;
  await session.query(`SELECT ${BUDGETS}, set_config('search_path', $3, true)`, [
    work.run.config.rollout.lockWaitMs,
    work.run.config.rollout.lockHoldMs,
    ident(tenant.schema),
  ]);
  const behind = before?.behind ?? null;
  const upTo = await lastOfRange(work, fill, behind);
  const [range, values] = rangeOf(table, behind, upTo);
  const changed = await session.query<{ n: number }>(
    `WITH filled AS (${backfillSql(backfill, range)} RETURNING 1) SELECT count(*)::int AS n FROM filled`,
    values,
  );
  await refuseForeignWrites(session);
  const after = { behind: upTo, rows: (before?.rows ?? 0) + (changed[0]?.n ?? 0) };
  await writeFill(session, key, before, after);
  return after;
}

/** The budgets of a step, for one batch; a SET of the migration's own holds. */
const BUDGETS = ['lock_timeout', 'statement_timeout']
  .map(
    (name, at) =>
      `set_config('${name}', CASE current_setting('${name}') WHEN '0' THEN $${at + 1}::text ELSE current_setting('${name}') END, true)`,
  )
  .join(', ');

/** The key of the last row of a batch; null: it is the last one, and has no upper end. */
async function lastOfRange(
  { session }: TenantWork,
  { backfill, table: { key } }: Fill,
  behind: readonly string[] | null,
): Promise<readonly string[] | null> {
  const from = behind === null ? '' : `WHERE ${keyList(key)} > ${keyValues(key, 1)}`;
  const columns = key.map(({ name }) => ident(name)).join(', ');
  const texts = key.map(({ name }) => `${ident(name)}::text`).join(', ');
  const [last] = await session.query<{ key: string[] }>(
    `SELECT ARRAY[${texts}] AS key FROM ${ident(backfill.table)} ${from}
      ORDER BY ${columns} OFFSET ${batchOf(backfill) - 1} LIMIT 1`,
    behind ?? [],
  );
  return last?.key ?? null;
}

/** The rows behind one key, up to another one and with it. */
function rangeOf(
  { key }: FillTable,
  behind: readonly string[] | null,
  upTo: readonly string[] | null,
): readonly [sql: string, values: readonly string[]] {
  const parts = [
    ...(behind === null ? [] : [`${keyList(key)} > ${keyValues(key, 1)}`]),
    ...(upTo === null ? [] : [`${keyList(key)} <= ${keyValues(key, 1 + (behind?.length ?? 0))}`]),
  ];
  return [parts.length === 0 ? 'true' : parts.join(' AND '), [...(behind ?? []), ...(upTo ?? [])]];
}

/** Milliseconds between two lines about one tenant. */
const TELL_MS = 2_000;

/** Tells how far it has come, now and then, and at its end. */
function teller(
  { run, session, tenant, migration }: TenantWork,
  { about }: FillTable,
): (progress: FillProgress) => void {
  let toldAt = performance.now();
  return ({ behind, rows }) => {
    if (behind !== null && performance.now() - toldAt < TELL_MS) return;
    toldAt = performance.now();
    const state = behind === null ? 'done' : 'running';
    run.onProgress({
      type: 'filling',
      shard: session.member,
      migration: migration.name,
      tenant: tenant.name,
      rows,
      about,
      state,
    });
  };
}

/** Does the migration change rows batch by batch? */
export const fills = (statements: readonly Statement[]): boolean =>
  statements.some(({ effect }) => effect?.kind === 'fills');
