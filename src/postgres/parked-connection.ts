import type { Guest, Parking } from './parking.js';
import type { Session } from './session.js';

/** A connection that comes and goes. */
export interface ParkedConnection {
  readonly use: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  /** What it is now, and what it was last. */
  readonly open: () => Session | null;
  readonly last: () => Session | null;
  /** Ends it once nothing runs in it any more. */
  readonly retire: () => Promise<void>;
  readonly end: () => Promise<void>;
}

/** Opened when it is used, in a place of the parking; nothing is open yet. */
export function parkedConnection(parking: Parking, open: () => Promise<Session>): ParkedConnection {
  const state: State = {
    parking,
    openNew: open,
    guest: { evict: () => end(state) },
    opening: null,
    current: null,
    last: null,
    ended: Promise.resolve(),
    uses: 0,
    isIdle: false,
    isStuck: false,
    onQuiet: [],
  };
  return {
    use: async (work) => {
      state.uses++;
      try {
        return await work(await acquire(state));
      } finally {
        state.uses--;
        // Later than whatever follows at once: a reader keeps its connection from one query to the next.
        setImmediate(rest, state);
      }
    },
    open: () => state.current,
    last: () => state.last,
    retire: async () => {
      if (state.uses > 0) await new Promise<void>((resolve) => state.onQuiet.push(resolve));
      await leave(state);
    },
    end: () => end(state),
  };
}

interface State {
  readonly parking: Parking;
  readonly openNew: () => Promise<Session>;
  readonly guest: Guest;
  /** Open, or being opened. */
  opening: Promise<Session> | null;
  current: Session | null;
  last: Session | null;
  /** The end of the connection before: until then the server may hold its locks. */
  ended: Promise<void>;
  uses: number;
  isIdle: boolean;
  /** It was lost inside a transaction, and has given back its place: whatever is left of that has to fail. */
  isStuck: boolean;
  /** Who waits until it has no use. */
  readonly onQuiet: (() => void)[];
}

async function acquire(state: State): Promise<Session> {
  state.parking.busy(state.guest);
  state.isIdle = false;
  // Lost inside a transaction it stays: what follows must not begin anew, on a connection that knows of none.
  if (state.current?.isLost() === true && state.current.status() === 'I') {
    const left = leave(state);
    // Before anything is waited for: who comes next must wait behind this one, as what it reads must come behind this one's BEGIN.
    state.opening = left.then(() => enter(state));
  }
  return (state.opening ??= enter(state));
}

async function enter(state: State): Promise<Session> {
  await state.parking.enter();
  try {
    await state.ended;
    const session = await state.openNew();
    Object.assign(state, { current: session, last: session });
    return session;
  } catch (error) {
    state.opening = null;
    state.parking.leave();
    throw error;
  }
}

/** Nothing runs in it at the moment; inside a transaction it keeps its place. */
function rest(state: State): void {
  if (state.uses > 0) return;
  for (const tell of state.onQuiet.splice(0)) tell();
  const { current, isIdle, parking, guest } = state;
  if (current === null || isIdle) return;
  if (current.isLost()) return lose(state, current);
  state.isIdle = current.status() === 'I';
  if (state.isIdle) parking.idle(guest);
}

function lose(state: State, current: Session): void {
  if (current.status() === 'I') return void leave(state);
  if (!state.isStuck) state.parking.leave();
  state.isStuck = true;
}

async function leave(state: State): Promise<void> {
  const { current, isStuck, parking, guest } = state;
  if (current === null) return;
  parking.busy(guest);
  await end(state);
  if (!isStuck) parking.leave();
}

function end(state: State): Promise<void> {
  const { current } = state;
  Object.assign(state, { opening: null, current: null, isIdle: false, isStuck: false });
  state.ended = current?.close() ?? state.ended;
  return state.ended;
}
