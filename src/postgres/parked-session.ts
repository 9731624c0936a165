import { parkedConnection } from './parked-connection.js';
import type { Parking } from './parking.js';
import type { Session } from './session.js';

/** A session whose connection is open only while it is needed. */
export interface ParkedSession extends Session {
  /** Opens it, to see whether that can be done. */
  readonly visit: () => Promise<void>;
  /** Ends its own connection, once nothing runs in it: from now on another session stands in for it. */
  readonly handOver: (standIn: StandIn) => Promise<void>;
  /** Ends its own connection, once nothing runs in it, and gives its place back, which `close` does not. */
  readonly retire: () => Promise<void>;
  /** The other session is gone: it opens connections of its own again. */
  readonly takeBack: () => void;
}

/** Another session of the same member, in which this one's statements run meanwhile. */
export interface StandIn {
  readonly session: () => Promise<Session>;
  readonly isLost: () => boolean;
  /** It, while it is there. */
  readonly current: () => Session | undefined;
}

/**
 * A session that has a connection while something runs in it, or a transaction is open, and after that for as long as
 * nobody else wants its place. What the server keeps for a session (locks, settings) ends with the connection: `open` brings
 * it about anew. Whoever has a transaction open in one must not wait for another, whose turn may come only after this one's.
 */
export function parkedSession(member: string, parking: Parking, open: () => Promise<Session>): ParkedSession {
  let standIn: StandIn | null = null;
  const own = parkedConnection(parking, open);
  const on = async <T>(work: (session: Session) => Promise<T>): Promise<T> =>
    standIn === null ? own.use(work) : work(await standIn.session());
  const current = (): Session | null => (standIn === null ? own.open() : (standIn.current() ?? null));
  const last = (): Session => own.last() ?? neverOpened(member);
  return {
    member,
    get pid() {
      return last().pid;
    },
    get server() {
      return last().server;
    },
    get pinned() {
      return last().pinned;
    },
    freshen: (then) => on((session) => session.freshen(then)),
    query: (text, values) => on((session) => session.query(text, values)),
    prepared: (text, values) => on((session) => session.prepared(text, values)),
    asLogin: (text, values) => on((session) => session.asLogin(text, values)),
    run: (text, told) => on((session) => session.run(text, told)),
    precede: (text, told) => on((session) => session.precede(text, told)),
    ask: (text) => on((session) => session.ask(text)),
    isAsked: () => current()?.isAsked() ?? false,
    // Without a connection nothing of it can be lost: the next one is another.
    isLost: () => standIn?.isLost() === true,
    status: () => current()?.status() ?? 'I',
    // In one that is lost nothing is open, and to ask it would be to connect anew.
    isIdle: () => current()?.isLost() !== false || current()?.isIdle() === true,
    visit: () => own.use(async () => undefined),
    handOver: async (next) => {
      standIn = next;
      await own.retire();
    },
    retire: own.retire,
    takeBack: () => {
      standIn = null;
    },
    close: () => own.end(),
  };
}

function neverOpened(member: string): never {
  throw new Error(`the session to ${member} was never open`);
}
