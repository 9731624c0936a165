import type { Session } from '../../postgres/session.js';
import { keepsTemporarySchema } from '../../postgres/temporary-schema.js';

/**
 * Sessions to veneers that a lane is through with, for the next one: they have read the catalogs and planned what we ask of
 * them, which over many small shards, a database per tenant above all, costs more than the steps themselves. No more of
 * them than lanes were on a veneer at one time.
 */
export interface Spares {
  /** One that joined the run through this anchor, which is still the member's; from now on the caller's. */
  readonly take: (anchor: Session) => Session | null;
  /** Keeps what is idle and has run nothing but our own statements; closes any other. */
  readonly keep: (session: Session, anchor: Session | undefined) => Promise<void>;
  /** Gives up what is idle now: before something that needs the servers' connections and takes none of these. */
  readonly close: () => Promise<void>;
}

const isUsable = (session: Session): boolean =>
  !session.isLost() && !session.isAsked() && session.isIdle() && !keepsTemporarySchema(session);

export function newSpares(): Spares {
  const idle = new Map<Session, Session>();
  return {
    take: (anchor) => {
      for (const [session, joined] of idle) {
        if (joined !== anchor) continue;
        idle.delete(session);
        if (isUsable(session)) return session;
        void session.close();
      }
      return null;
    },
    keep: async (session, anchor) => {
      if (anchor === undefined || !isUsable(session)) return session.close();
      idle.set(session, anchor);
    },
    close: async () => {
      const sessions = [...idle.keys()];
      idle.clear();
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
}
