import type { Problem } from '../../errors.js';
import type { HistoryRun, HistoryStep, RunOutcome, StepDetails } from '../../report/history.js';
import type { Row, Session } from '../../postgres/session.js';
import { readRunner } from '../run/stop-request.js';

/** ISO, to the millisecond. */
const iso = (column: string): string =>
  `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const milliseconds = (interval: string): string => `(extract(epoch FROM ${interval}) * 1000)::int`;

/** Which runs: the newest `limit`, or those whose id begins with `prefix`. */
export type WhichRuns = { readonly limit: number } | { readonly prefix: string };

type RunRow = Omit<HistoryRun, 'state' | 'steps'> & {
  readonly outcome: RunOutcome | null;
  readonly committed: number;
  readonly other: number;
};

/** A step counts as what is known of it last, whoever wrote that: a run that settled it later, perhaps. */
const RUNS = `
  SELECT b.run, b.command, b.who, b.client, b.version, ${iso('b.at')} AS began, ${iso('e.at')} AS ended,
         ${milliseconds('e.at - b.at')} AS ms, e.outcome, coalesce(e.problems, '[]') AS problems,
         (SELECT s.who FROM pgveneer.history s WHERE s.fleet = $1 AND s.run = b.run AND s.event = 'stop asked'
           ORDER BY s.id LIMIT 1) AS "stopAskedBy",
         steps.committed, steps.other
    FROM (SELECT * FROM pgveneer.history WHERE fleet = $1 AND event = 'run began' AND starts_with(run, $2)
           ORDER BY at DESC, id DESC LIMIT $3) AS b
    LEFT JOIN pgveneer.history e ON e.fleet = $1 AND e.run = b.run AND e.event = 'run ended'
    LEFT JOIN LATERAL (
      SELECT count(*) FILTER (WHERE last.outcome = 'committed')::int AS committed,
             count(*) FILTER (WHERE last.outcome <> 'committed')::int AS other
        FROM (SELECT DISTINCT ON (h.step) h.outcome FROM pgveneer.history h
               WHERE h.fleet = $1 AND split_part(h.step, '.', 1) = b.run ORDER BY h.step, h.id DESC) AS last
    ) AS steps ON true
   ORDER BY b.at DESC, b.id DESC`;

/**
 * Runs, newest first. The order of the three reads matters. A run lets go of its lock only after it wrote its end. So
 * for one that has no end in the first read, and no lock in the second, the third has the end, if it was ever written.
 */
export async function readRuns(session: Session, fleet: string, which: WhichRuns): Promise<HistoryRun[]> {
  const read = (): Promise<(RunRow & Row)[]> =>
    session.query<RunRow & Row>(RUNS, [
      fleet,
      'prefix' in which ? which.prefix : '',
      'limit' in which ? which.limit : null,
    ]);
  const first = await read();
  if (first.every(({ outcome }) => outcome !== null)) return first.map((row) => runOf(row, null));
  const holder = await readRunner(session, fleet);
  const known = new Set(first.map(({ run }) => run));
  const second = await read();
  return second.filter(({ run }) => known.has(run)).map((row) => runOf(row, holder?.run ?? null));
}

/** The run that began last; `outcome` is null while it has no end. */
export interface BegunRun {
  readonly run: string;
  readonly command: string;
  readonly began: string;
  readonly outcome: RunOutcome | null;
}

/**
 * The run that began last, as this journal member's history tells; null where none has. An id sorts by time. What only settles for
 * another one is passed over: it is no better than that one was.
 */
export async function readLastRun(session: Session, fleet: string): Promise<BegunRun | null> {
  const [run] = await session.prepared<BegunRun & Row>(
    `SELECT b.run, b.command, ${iso('b.at')} AS began, e.outcome
       FROM (SELECT * FROM pgveneer.history WHERE fleet = $1 AND event = 'run began' AND command NOT IN ('recover', 'watchdog')
              ORDER BY run COLLATE "C" DESC LIMIT 1) AS b
       LEFT JOIN pgveneer.history e ON e.fleet = $1 AND e.run = b.run AND e.event = 'run ended'`,
    [fleet],
  );
  return run ?? null;
}

function runOf({ outcome, committed, other, ...run }: RunRow, running: string | null): HistoryRun {
  const state = outcome ?? (run.run === running ? 'running' : 'ended without a word');
  return { ...run, state, steps: { committed, other } };
}

const STEPS = `
  SELECT step, CASE WHEN split_part(step, '.', 1) <> run THEN run END AS "settledBy", shard, migration, tenants,
         protocol, outcome, attempts, ${iso('at')} AS ended, ${milliseconds('duration')} AS ms, problems, details
    FROM pgveneer.history
   WHERE fleet = $1 AND event IN ('step ended', 'step settled') AND (split_part(step, '.', 1) = $2 OR run = $2)
   ORDER BY id`;

/** The steps of a run, whoever settled them, and those of others that it settled; in the order of their ends. */
export const readSteps = (session: Session, fleet: string, run: string): Promise<HistoryStep[]> =>
  session.query<StepRow & Row>(STEPS, [fleet, run]);

type StepRow = HistoryStep & { readonly problems: readonly Problem[]; readonly details: StepDetails };
