import { atMost } from '../../at-most.js';
import { textOf } from '../../errors.js';
import type { Session } from '../../postgres/session.js';
import { version } from '../../version.js';
import { cut, type HistoryRow } from './history-rows.js';
import { hasTable } from '../../postgres/state-tables.js';
import { secretMask } from '../run/mask-secrets.js';
import { journalMember } from '../run/journal-member.js';
import type { Run } from '../run/run.js';
import { readStopRequest } from '../run/stop-request.js';

/**
 * The run's own pages of pgveneer.history. It has a session of its own, so that nothing which holds up that table holds
 * up a step; rows are only ever added, so that what was written stays true after a crash: a run without a row of its
 * end did not come to one. Whatever fails here is told at the end and nowhere else.
 */
export interface History {
  /** Adds a row; it is written beside the work. Never throws. */
  add(row: HistoryRow): void;
  /** Who asked this run to end, or null; null too where that cannot be read. */
  stopAskedBy(): Promise<string | null>;
  /** Writes what is left, and lets go. Answers why rows are missing, or null. Never throws. */
  close(): Promise<string | null>;
}

/** Milliseconds that the command waits for it, connecting included. */
const PATIENCE_MS = 7_000;

interface Writer {
  readonly run: Run;
  readonly mask: (text: string) => string;
  readonly pending: PendingRow[];
  session: Session | null;
  /** The table was seen. */
  ready: boolean;
  failure: string | null;
  /** What the session does at the moment: one thing after the other. */
  busy: Promise<unknown>;
  flushing: Promise<void> | null;
  seq: number;
}

interface PendingRow {
  readonly row: HistoryRow;
  readonly seq: number;
  /** performance.now() when it happened. */
  readonly at: number;
}

/** Opens the history of a run, and waits until its beginning is written. Never throws. */
export async function openHistory(run: Run): Promise<History> {
  const writer = beginWriting(run);
  await atMost(PATIENCE_MS, flush(writer));
  return {
    add: (row) => {
      add(writer, row);
      void flush(writer);
    },
    stopAskedBy: () => serially(writer, () => askedBy(writer)).catch(() => null),
    close: () => closeHistory(writer),
  };
}

/** Writes the history of a run that is over, at once. Answers why it is missing, or null. Never throws. */
export async function recordRun(run: Run, rows: readonly HistoryRow[]): Promise<string | null> {
  const writer = beginWriting(run);
  for (const row of rows) add(writer, row);
  return closeHistory(writer);
}

function beginWriting(run: Run): Writer {
  const writer: Writer = {
    run,
    mask: secretMask(run.config),
    pending: [],
    session: null,
    ready: false,
    failure: null,
    busy: Promise.resolve(),
    flushing: null,
    seq: 0,
  };
  const { command, who } = run;
  add(writer, { event: 'run began', command, who, version: version() });
  return writer;
}

function add(writer: Writer, row: HistoryRow): void {
  writer.pending.push({ row, seq: writer.seq++, at: performance.now() });
}

async function closeHistory(writer: Writer): Promise<string | null> {
  await atMost(PATIENCE_MS, flush(writer));
  const closed = Promise.resolve(writer.session?.close());
  if (writer.pending.length === 0) {
    await atMost(PATIENCE_MS, closed);
    return null;
  }
  return `this run is missing in migrate history: ${writer.failure ?? `${journalMember(writer.run.config)} gave no answer in time`}`;
}

/** Writes until nothing is pending or the writing fails; rows that come meanwhile are taken along. */
function flush(writer: Writer): Promise<void> {
  writer.flushing ??= serially(writer, () => writeAll(writer)).finally(() => (writer.flushing = null));
  return writer.flushing;
}

async function writeAll(writer: Writer): Promise<void> {
  try {
    while (writer.pending.length > 0) {
      const rows = [...writer.pending];
      if (!(await isReady(writer))) return;
      await insert(await sessionOf(writer), writer, rows);
      writer.pending.splice(0, rows.length);
    }
  } catch (error) {
    writer.failure = textOf(error);
  }
}

/** A fleet that was set up before history was kept has no table for it; setup makes it in the midst of its run. */
async function isReady(writer: Writer): Promise<boolean> {
  if (writer.ready) return true;
  const session = await sessionOf(writer);
  writer.ready = session.server.stateTables.has('history') || (await hasTable(session, 'history'));
  if (!writer.ready)
    writer.failure = `${journalMember(writer.run.config)} has no table for it yet; migrate setup makes it`;
  return writer.ready;
}

async function askedBy(writer: Writer): Promise<string | null> {
  if (!(await isReady(writer))) return null;
  return readStopRequest(await sessionOf(writer), writer.run.config.fleet, writer.run.id);
}

/** Opened when first needed and again when it broke: a row that was not written can be, later. */
async function sessionOf(writer: Writer): Promise<Session> {
  if (writer.session !== null && !writer.session.isLost()) return writer.session;
  return (writer.session = await writer.run.openBeside());
}

function serially<T>(writer: Writer, work: () => Promise<T>): Promise<T> {
  const done = writer.busy.then(work);
  writer.busy = done.catch(() => undefined);
  return done;
}

/**
 * Times are the server's, less what has passed since by our own clock, so that runs of several machines can be compared.
 * Sent twice, because the first answer was lost, a row is there once.
 */
async function insert(session: Session, { run, mask }: Writer, rows: readonly PendingRow[]): Promise<void> {
  const now = performance.now();
  const sent = rows.map(({ row, seq, at }) => ({ ...row, seq, age: (now - at) / 1000 }));
  await session.prepared(
    `INSERT INTO pgveneer.history (fleet, run, seq, event, at, command, who, client, version, step, shard, migration,
                                   tenants, protocol, outcome, attempts, duration, problems, details)
     SELECT $1, $2, r.seq, r.event, clock_timestamp() - make_interval(secs => r.age), r.command, r.who,
            CASE WHEN r.event = 'run began' THEN host(inet_client_addr()) END, r.version, r.step, r.shard, r.migration,
            r.tenants, r.protocol, r.outcome, r.attempts, make_interval(secs => r.ms / 1000),
            coalesce(r.problems, '[]'), coalesce(r.details, '{}')
       FROM jsonb_to_recordset($3::jsonb) AS r (seq int, age float8, event text, command text, who text, version text,
              step text, shard text, migration text, tenants int, protocol text, outcome text, attempts int, ms float8,
              problems jsonb, details jsonb)
      ORDER BY r.seq
     ON CONFLICT (fleet, run, seq) DO NOTHING`,
    [run.config.fleet, run.id, JSON.stringify(sent, (_, value: unknown) => clean(value, mask))],
  );
}

/** Every text of a row, names of keys excepted: masked first, then cut. */
const clean = (value: unknown, mask: (text: string) => string): unknown =>
  typeof value === 'string' ? cut(mask(value)) : value;
