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
  readonly close: () => Promise<void>;
}

export function newSpares(): Spares {
  const idle = new Map<Session, Session>();
  return {
    take: (anchor) => {
      for (const [session, joined] of idle) {
        if (joined !== anchor) continue;
        idle.delete(session);
        if (!session.isLost()) return session;
      }
      return null;
    },
    keep: async (session, anchor) => {
      const isIdle = !session.isLost() && !session.isAsked() && session.status() === 'I';
      if (anchor === undefined || !isIdle || keepsTemporarySchema(session)) return session.close();
      idle.set(session, anchor);
    },
    close: async () => {
      const sessions = [...idle.keys()];
      idle.clear();
      await Promise.all(sessions.map((session) => session.close()));
    },
  };
}
