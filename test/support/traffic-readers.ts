import { isState } from '../../src/postgres/sqlstate.js';
import { ACCOUNTS, FIXED_ENTRIES, PARCELS, SETTINGS, TOTAL_BALANCE } from './traffic-schema.js';
import { isRemote, Refused, type TrafficRow } from './traffic-tally.js';
import type { Turn, Visit } from './traffic-worker.js';

export type Isolation = 'READ COMMITTED' | 'REPEATABLE READ';

/** SELECT * in the simple protocol: whatever the columns are by now, their values belong to their rows. */
export const readAll: Turn = async (visit) => {
  checkAccounts(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.accounts`));
  checkSettings(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.settings`));
  checkFixedEntries(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.entries WHERE worker = 0`));
};

/**
 * SELECT * prepared: after a change the plan's result type is another, which is an error on one server, too. Such a
 * statement is of no more use, so the next turn prepares another.
 */
export function readAllPrepared(): Turn {
  const versions = new Map<string, number>();
  return async (visit) => {
    const version = versions.get(visit.tenant) ?? 0;
    try {
      const text = `SELECT * FROM ${visit.tenant}.accounts`;
      checkAccounts(visit, await visit.ask({ name: `all_${visit.tenant}_${version}`, text }));
    } catch (error) {
      if (error instanceof Refused) versions.set(visit.tenant, version + 1);
      throw error;
    }
  };
}

/** Named columns, prepared once: they survive every change of the other columns. */
export const readNamed: Turn = async (visit) => {
  const id = 1 + (visit.turn % ACCOUNTS);
  const { tenant } = visit;
  await checkSums(visit);
  const [row] = await visit.ask({
    name: `one_${tenant}`,
    text: `SELECT owner, balance::int AS balance FROM ${tenant}.accounts WHERE id = $1`,
    values: [id],
  });
  visit.check(
    row?.owner === `${tenant} ${id}` && row.balance === id * 10,
    () => `account ${id}: ${say(row)}`,
  );
  const [joined] = await visit.ask({
    name: `join_${tenant}`,
    text: `SELECT count(*)::int AS n FROM ${tenant}.accounts a JOIN ${tenant}.settings s ON s.id = a.id`,
  });
  visit.check(joined?.n === SETTINGS, () => `join of accounts and settings: ${say(joined)}`);
  await checkNulls(visit);
};

/** Other tables of the shard before the changed ones, and after; in both orders. */
export const readTransaction =
  (isolation: Isolation): Turn =>
  async (visit) => {
    const entries = async (): Promise<void> => {
      const text = `SELECT * FROM ${visit.tenant}.entries WHERE worker = 0`;
      checkFixedEntries(visit, await visit.ask(text));
    };
    await visit.ask(`BEGIN ISOLATION LEVEL ${isolation}`);
    checkSettings(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.settings`));
    const inOrder = visit.turn % 2 === 0;
    await (inOrder ? checkSums(visit) : entries());
    await (inOrder ? entries() : checkSums(visit));
    checkAccounts(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.accounts`));
    await visit.ask('COMMIT');
  };

/** Reads every table that changes, in every way. */
export const readChanged: Turn = async (visit) => {
  checkAccounts(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.accounts`));
  await checkSums(visit);
  await checkNulls(visit);
  checkFixedEntries(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.entries WHERE worker = 0`));
};

/** Milliseconds for which a straddling transaction reads on before it gives up waiting for a step. */
const PATIENCE_MS = 150;

/**
 * Opens a remote snapshot on one table, waits for a step to commit on the shard, and reads the changed tables. It
 * stays open only so long: a fenced step waits for it.
 */
export const readAcross =
  (isolation: Isolation): Turn =>
  async (visit) => {
    const before = visit.steps();
    await visit.ask(`BEGIN ISOLATION LEVEL ${isolation}`);
    for (const start = performance.now(); visit.steps() === before;) {
      if (performance.now() - start > PATIENCE_MS) break;
      checkSettings(visit, await visit.ask(`SELECT * FROM ${visit.tenant}.settings`));
    }
    const isAcross = visit.steps() !== before;
    await readChanged(visit);
    await visit.ask('COMMIT');
    if (isAcross) visit.straddled();
  };

/**
 * Names that migrations take away and bring back. That a name is not there is the veneer's own answer, as it would
 * be one server's; when the shard says so, the veneer showed what the shard no longer has.
 */
export const readComingAndGoing: Turn = async (visit) => {
  const { tenant } = visit;
  const expected = (error: unknown): boolean => isState(error, '42P01', '42703') && !isRemote(error);
  const tryTo = async (text: string): Promise<TrafficRow[] | null> => {
    try {
      return await visit.ask(text, { expected });
    } catch (error) {
      if (error instanceof Refused && expected(error.cause)) return null;
      throw error;
    }
  };
  const parcels = await tryTo(`SELECT id, content FROM ${tenant}.parcels`);
  const isWhole =
    parcels?.length === PARCELS && parcels.every((row) => row.content === `parcel ${String(row.id)}`);
  visit.check(parcels === null || isWhole, () => `parcels: ${say(parcels)}`);
  for (const column of ['memo', 'remark']) {
    const rows = await tryTo(`SELECT ${column} AS text FROM ${tenant}.accounts WHERE id = 7`);
    visit.check(rows === null || rows[0]?.text === 'memo of 7', () => `${column} of account 7: ${say(rows)}`);
  }
};

function checkAccounts(visit: Visit, rows: readonly TrafficRow[]): void {
  const ids = new Set(rows.map((row) => row.id));
  visit.check(
    rows.length === ACCOUNTS && ids.size === ACCOUNTS,
    () => `${rows.length} accounts, not ${ACCOUNTS}`,
  );
  const strange = rows.find((row) => !isAccount(visit.tenant, row));
  visit.check(strange === undefined, () => `an account that is none: ${say(strange)}`);
}

function isAccount(tenant: string, row: TrafficRow): boolean {
  const { id, owner, balance, note } = row;
  const texts = ['memo', 'remark'].filter((name) => name in row);
  return (
    owner === `${tenant} ${String(id)}` &&
    Number(balance) === Number(id) * 10 &&
    texts.length === 1 &&
    row[texts[0] ?? ''] === `memo of ${String(id)}` &&
    (note === `note of ${String(id)}` || (id === 1 && note === null)) &&
    (!('flag' in row) || row.flag === 'new')
  );
}

function checkSettings(visit: Visit, rows: readonly TrafficRow[]): void {
  const right = rows.length === SETTINGS && rows.every((row) => row.value === `setting ${String(row.id)}`);
  visit.check(right, () => `settings: ${say(rows)}`);
}

function checkFixedEntries(visit: Visit, rows: readonly TrafficRow[]): void {
  const right =
    rows.length === FIXED_ENTRIES &&
    rows.every((row) => Number(row.amount) === row.id && row.label === `fixed ${String(row.id)}`);
  visit.check(right, () => `fixed entries: ${say(rows)}`);
}

async function checkSums(visit: Visit): Promise<void> {
  const [row] = await visit.ask({
    name: `sums_${visit.tenant}`,
    text: `SELECT count(*)::int AS n, sum(balance)::int AS total FROM ${visit.tenant}.accounts`,
  });
  visit.check(row?.n === ACCOUNTS && row.total === TOTAL_BALANCE, () => `sum over accounts: ${say(row)}`);
}

/** A NOT NULL that does not hold for what is read lets PostgreSQL 17 and later answer IS NULL without looking. */
async function checkNulls(visit: Visit): Promise<void> {
  const accounts = `${visit.tenant}.accounts`;
  const [row] = await visit.ask({
    name: `nulls_${visit.tenant}`,
    text: `SELECT (SELECT count(*) FROM ${accounts} WHERE note IS NULL) AS nulls,
                  (SELECT count(*) - count(note) FROM ${accounts}) AS missing`,
  });
  visit.check(row !== undefined && row.nulls === row.missing, () => `notes that are NULL: ${say(row)}`);
}

const say = (value: unknown): string => JSON.stringify(value)?.slice(0, 300) ?? 'nothing';
