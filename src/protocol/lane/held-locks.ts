import { LOCK_MODES, type LockMode, type RelationLock } from '../../migrations/sql/lock-modes.js';
import { display } from '../../postgres/identifiers.js';
import type { Row, Session } from '../../postgres/session.js';

/** What open transactions have locked, told piece by piece. */
export interface HeldLocks {
  /** The locks that the session's transaction took, or made stronger, since it was asked before. */
  news(session: Session, anchor: Session): Promise<RelationLock[]>;
}

interface Held extends Row {
  readonly oid: string;
  readonly mode: string;
}

/** A transaction keeps its locks to its end, or until it is rolled back to a savepoint before them. */
export function heldLocks(): HeldLocks {
  const known = new Map<string, number>();
  return {
    news: async (session, anchor) => {
      const fresh = strongestOf(await readHeld(session)).filter(({ oid, rank }) => {
        const key = `${session.member} ${oid}`;
        const isNews = rank > (known.get(key) ?? -1);
        if (isNews) known.set(key, rank);
        return isNews;
      });
      const names = await readNames(
        session,
        anchor,
        fresh.map(({ oid }) => oid),
      );
      return fresh
        .flatMap(({ oid, rank }): RelationLock[] => {
          const [relation, mode] = [names.get(oid), LOCK_MODES[rank]];
          return relation === undefined || mode === undefined ? [] : [{ relation, mode }];
        })
        .toSorted((a, b) => rankOf(b.mode) - rankOf(a.mode) || a.relation.localeCompare(b.relation));
    },
  };
}

const readHeld = (session: Session): Promise<Held[]> =>
  session.query<Held>(
    `SELECT relation::text AS oid, mode FROM pg_locks
      WHERE pid = pg_backend_pid() AND locktype = 'relation' AND granted AND relation >= 16384
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );

const rankOf = (mode: LockMode): number => LOCK_MODES.indexOf(mode);

function strongestOf(held: readonly Held[]): { readonly oid: string; readonly rank: number }[] {
  const ranks = new Map<string, number>();
  for (const { oid, mode } of held) ranks.set(oid, Math.max(ranks.get(oid) ?? -1, rankIn(mode)));
  return [...ranks].map(([oid, rank]) => ({ oid, rank }));
}

/** pg_locks writes ShareRowExclusiveLock for SHARE ROW EXCLUSIVE. */
const rankIn = (mode: string): number =>
  LOCK_MODES.findIndex((one) => one.replaceAll(' ', '') === mode.replace(/Lock$/, '').toUpperCase());

/** Of relations that people name: indexes and TOAST tables go with theirs, pgveneer's own are not the migration's. */
const NAMES = `
  SELECT c.oid::text AS oid, n.nspname::text AS schema, c.relname::text AS name
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = ANY ($1::oid[]) AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
     AND n.nspname NOT IN ('pg_toast', 'pgveneer')`;

/** As the transaction has them; of what it dropped, as they were. */
async function readNames(
  session: Session,
  anchor: Session,
  oids: readonly string[],
): Promise<Map<string, string>> {
  if (oids.length === 0) return new Map();
  const read = async (on: Session): Promise<[string, string][]> =>
    (await on.query<{ oid: string; schema: string; name: string }>(NAMES, [oids])).map((row) => [
      row.oid,
      display(row),
    ]);
  return new Map([...(await read(anchor)), ...(await read(session))]);
}
