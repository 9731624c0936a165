import type { Turn, Visit } from './traffic-worker.js';

/** What one writer has in `entries`, by tenant: id → amount. Nobody else writes these rows. */
export type Written = ReadonlyMap<string, ReadonlyMap<number, number>>;

export interface Writer {
  readonly worker: number;
  readonly turn: Turn;
  readonly written: Written;
}

/** Rows that a writer keeps for longer than a turn. */
const KEPT = 5;

/** Each statement is a transaction of its own, and is read back through the veneer. */
export function writeSingly(worker: number): Writer {
  return writer(worker, async (visit, rows, id) => {
    await insert(visit, worker, id, 1);
    rows.set(id, 1);
    await checkOwn(visit, worker, rows);
    await add(visit, id, rows);
    await checkOwn(visit, worker, rows);
    await trim(visit, rows);
    await checkOwn(visit, worker, rows);
  });
}

/** Transactions of several statements, every third of which is rolled back: then nothing of it may be seen. */
export function writeTransactions(worker: number): Writer {
  return writer(worker, async (visit, rows, id) => {
    const draft = new Map(rows);
    await visit.ask('BEGIN');
    await visit.ask(`SELECT value FROM ${visit.tenant}.settings WHERE id = 1`);
    await insert(visit, worker, id, 1);
    draft.set(id, 1);
    await add(visit, id, draft);
    await checkOwn(visit, worker, draft);
    await trim(visit, draft);
    await checkOwn(visit, worker, draft);
    const isKept = visit.turn % 3 !== 2;
    await visit.ask(isKept ? 'COMMIT' : 'ROLLBACK');
    if (isKept) replace(rows, draft);
    await checkOwn(visit, worker, rows);
  });
}

type Work = (visit: Visit, rows: Map<number, number>, id: number) => Promise<void>;

function writer(worker: number, work: Work): Writer {
  const written = new Map<string, Map<number, number>>();
  let next = worker * 1_000_000;
  const turn: Turn = async (visit) => {
    const rows = written.get(visit.tenant) ?? new Map<number, number>();
    written.set(visit.tenant, rows);
    await work(visit, rows, ++next);
  };
  return { worker, turn, written };
}

async function insert(visit: Visit, worker: number, id: number, amount: number): Promise<void> {
  await visit.ask({
    name: `insert_${visit.tenant}`,
    text: `INSERT INTO ${visit.tenant}.entries (id, worker, amount, label) VALUES ($1, $2, $3, $4)`,
    values: [id, worker, amount, `entry ${id}`],
  });
}

async function add(visit: Visit, id: number, rows: Map<number, number>): Promise<void> {
  const amount = (rows.get(id) ?? 0) + 10;
  const answer = await visit.ask({
    text: `UPDATE ${visit.tenant}.entries SET amount = amount + 10 WHERE id = $1 RETURNING amount`,
    values: [id],
  });
  visit.check(
    answer.length === 1 && Number(answer[0]?.amount) === amount,
    () => `updated: ${JSON.stringify(answer)}`,
  );
  if (answer.length > 0) rows.set(id, amount);
}

/** Deletes the oldest of the writer's rows. */
async function trim(visit: Visit, rows: Map<number, number>): Promise<void> {
  const [oldest] = rows.keys();
  if (oldest === undefined || rows.size <= KEPT) return;
  const text = `DELETE FROM ${visit.tenant}.entries WHERE id = $1 RETURNING id`;
  const answer = await visit.ask({ text, values: [oldest] });
  visit.check(answer.length === 1, () => `deleting ${oldest} found ${answer.length} rows`);
  if (answer.length > 0) rows.delete(oldest);
}

async function checkOwn(visit: Visit, worker: number, rows: ReadonlyMap<number, number>): Promise<void> {
  const text = `SELECT id, amount, label FROM ${visit.tenant}.entries WHERE worker = $1 ORDER BY id`;
  const found = await visit.ask({ text, values: [worker] });
  const right =
    found.length === rows.size &&
    found.every(
      (row) => rows.get(Number(row.id)) === Number(row.amount) && row.label === `entry ${String(row.id)}`,
    );
  visit.check(right, () => `own rows: ${JSON.stringify(found)}, not ${JSON.stringify([...rows])}`);
}

function replace(rows: Map<number, number>, by: ReadonlyMap<number, number>): void {
  rows.clear();
  for (const [id, amount] of by) rows.set(id, amount);
}
