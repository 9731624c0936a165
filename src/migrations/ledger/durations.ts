import type { Row, Session } from '../../postgres/session.js';
import { hasLedger } from './ledger.js';
import type { Migration } from '../migration.js';

/** How long a migration took in one step of the past, for each that it ran for. */
export interface PastStep {
  readonly migration: string;
  readonly ms: number;
}

/** What a member's ledger tells of these migrations: a row for each step that applied one. */
export async function readPastSteps(session: Session, migrations: readonly Migration[]): Promise<PastStep[]> {
  if (migrations.length === 0 || !(await hasLedger(session))) return [];
  return session.query<PastStep & Row>(
    `SELECT migration, (extract(epoch FROM max(duration)) * 1000 / count(*))::float8 AS ms
       FROM pgveneer.ledger
      WHERE (scope, migration) IN (SELECT * FROM unnest($1::text[], $2::text[])) AND state = 'applied' AND duration IS NOT NULL
      GROUP BY migration, step`,
    [migrations.map(({ scope }) => scope), migrations.map(({ name }) => name)],
  );
}

/** Milliseconds for one, the median over all steps; null where there was none. Pure. */
export function medianMs(steps: readonly PastStep[], { name }: Migration): number | null {
  const sorted = steps
    .filter(({ migration }) => migration === name)
    .map(({ ms }) => ms)
    .toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] =
    sorted.length % 2 === 0 ? [sorted[middle - 1], sorted[middle]] : [sorted[middle], sorted[middle]];
  return low === undefined || high === undefined ? null : (low + high) / 2;
}
