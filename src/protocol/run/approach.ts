import { addressOf, type Member } from '../../fleet/member.js';
import { openSession, type Session } from '../../postgres/session.js';
import type { Opening } from './win-back.js';

/**
 * Connections on their way to members whose locks are about to be taken. To connect is most of what a run waits for before its
 * first step, and needs nobody's lock: so all are approached at once, while the locks are still taken in their order.
 */
export interface Approach {
  /** Begins to connect, and does nothing else there. Never throws. */
  readonly begin: (member: Member) => void;
  /** The session, from now on the caller's; opened now where nobody began to. Throws exit 23 where the member cannot be reached. */
  readonly arrive: (member: Member) => Promise<Session>;
  /** Ends what nobody has asked for, without waiting for those that do not answer. */
  readonly giveUp: () => void;
}

export function newApproach(opening: Opening): Approach {
  const coming = new Map<string, Promise<Session>>();
  const left = new AbortController();
  return {
    begin: (member) => {
      const session = openSession({ ...addressOf(member), ...opening, signal: left.signal });
      // Told to whoever asks for it; nobody may.
      session.catch(() => undefined);
      coming.set(member.name, session);
    },
    arrive: (member) => {
      const session = coming.get(member.name) ?? openSession({ ...addressOf(member), ...opening });
      coming.delete(member.name);
      return session;
    },
    giveUp: () => {
      left.abort();
      for (const session of coming.values())
        void session.then(
          (opened) => opened.close(),
          () => undefined,
        );
      coming.clear();
    },
  };
}
