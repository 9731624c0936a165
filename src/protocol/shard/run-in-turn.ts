import {
  durationText,
  ledgerText,
  refuseOthers,
  type LedgerWrite,
} from '../../migrations/ledger/ledger-writes.js';
import type { Direction } from '../../migrations/migration.js';
import type { PlannedStep } from '../../migrations/plan/plan.js';
import type { Session } from '../../postgres/session.js';
import type { Told } from '../../postgres/turns-of-client.js';
import type { Lane } from '../lane/lane.js';
import { explain, ours, textOf, type Part } from './explain-failure.js';
import { hasForgotten, mayPrepare } from './prologue.js';
import { sizeForOne, TEXT_SIZE } from './run-subjects.js';
import { partsFor } from './run-tenant.js';
import { cleaning, ledgerWrite, runOnShard, type ShardWork } from './shard-work.js';
import { subjectsOf } from './subject.js';

/** Migrations that run one after the other in one open transaction, for the same tenants. */
export interface Turns extends Omit<ShardWork, 'planned'> {
  readonly steps: readonly PlannedStep[];
}

/**
 * Runs and records them in their order. Those that are alike for all tenants, and ask for nothing in between, share a text: a tenant that
 * is new has all migrations of its life to run, and would wait for the network as often.
 */
export async function runInTurn(lane: Lane, session: Session, { steps, ...work }: Turns): Promise<void> {
  for (const some of textsOf(steps)) {
    const [only] = some;
    if (some.length === 1 && only !== undefined) await runOnShard(lane, session, { ...work, planned: only });
    else await runTogether(lane, session, { ...work, steps: some });
  }
}

/** Those that share a text: all of them, in their order. Pure. */
export function textsOf(steps: readonly PlannedStep[]): (readonly PlannedStep[])[] {
  const texts: PlannedStep[][] = [];
  /** The last text, where more may come behind what is in it. */
  let open: PlannedStep[] | null = null;
  let size = 0;
  for (const planned of steps) {
    const more = sizeForOne(planned.migration) * Math.max(1, planned.tenants.length);
    const isOne = isAlike(planned);
    if (open !== null && isOne && size + more <= TEXT_SIZE) {
      open.push(planned);
      size += more;
    } else {
      const text = [planned];
      texts.push(text);
      open = isOne ? text : null;
      size = more;
    }
  }
  return texts;
}

/** What is verified is asked for an answer, and what may prepare has its own way of making the session fresh. */
const isAlike = ({ migration }: PlannedStep): boolean =>
  migration.body.kind === 'static' && migration.verify === undefined && !mayPrepare(migration);

async function runTogether(lane: Lane, session: Session, work: Turns): Promise<void> {
  // Whoever stops or dies at one of these points stops before all of the text.
  for (const planned of work.steps)
    for (const { name } of subjectsOf(planned, lane.shard)) await lane.run.at(`before statements:${name}`);
  const pieces = work.steps.map((planned) => pieceOf(lane, session, { ...work, planned }));
  const parts = pieces.flatMap((piece) => piece.parts);
  const done = doneBy(pieces);
  const recorded = new Map(withPlaces(pieces).map((piece) => [piece.first + 1, piece]));
  /** How many rows of each were recorded, also where the text fails behind that. */
  const rows = new Map<Piece, number>();
  const told: Told = (completed, tag) => {
    const piece = recorded.get(completed);
    if (piece !== undefined) rows.set(piece, Number(tag.split(' ').at(-1)));
    const tenants = done.get(completed);
    if (tenants !== undefined) work.onTenant(tenants);
  };
  const refuse = (): void => {
    for (const [{ direction, write }, count] of rows) refuseOthers(session.member, direction, write, count);
  };
  await session.precede(textOf(parts), told).catch((error: unknown) => {
    // Where the rows are another runner's, all of it is rolled back, and this is what is told.
    refuse();
    // Whose function it was is not told: each of them runs by itself in the next attempt.
    const forgotten = pieces.filter(({ write }) => hasForgotten(error, write.migration));
    throw forgotten.length > 0 ? error : explain(error, null, parts);
  });
  refuse();
}

/** One migration's part of a text. */
interface Piece {
  readonly direction: Direction;
  readonly write: LedgerWrite;
  readonly parts: readonly Part[];
  /** How many of the parts stand before that of the first subject. */
  readonly before: number;
  readonly subjects: number;
}

/** The row of the ledger first, as ever, and what makes the session clean for the next one's last. */
function pieceOf(lane: Lane, session: Session, work: ShardWork): Piece {
  const { planned, budget } = work;
  const { migration, direction } = planned;
  const write = ledgerWrite(lane, work);
  const subjects = subjectsOf(planned, lane.shard);
  const { before, parts: each, after } = partsFor(session, migration, subjects, budget);
  const first = ours([ledgerText(direction, write), ...before]);
  const last = ours([...after, ...cleaning(session, budget), durationText(write)]);
  const parts = [...first, ...each, ...last].map((part) => ({ ...part, migration }));
  return { direction, write, parts, before: first.length, subjects: each.length };
}

const countOf = ({ prologue, statements }: Part): number => prologue.length + statements.length;

const countAll = (parts: readonly Part[]): number => parts.reduce((sum, part) => sum + countOf(part), 0);

/** With the place of each one's first statement in the text. */
function withPlaces(pieces: readonly Piece[]): (Piece & { readonly first: number })[] {
  let at = 0;
  return pieces.map((piece) => {
    const first = at;
    at += countAll(piece.parts);
    return { ...piece, first };
  });
}

/** By how many statements have completed: how many subjects of the migration at hand are done. */
function doneBy(pieces: readonly Piece[]): ReadonlyMap<number, number> {
  return new Map(
    withPlaces(pieces).flatMap(({ first, parts, before, subjects }) =>
      Array.from(
        { length: subjects },
        (_, index) => [first + countAll(parts.slice(0, before + index + 1)), index + 1] as const,
      ),
    ),
  );
}
