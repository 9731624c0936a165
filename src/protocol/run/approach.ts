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
  /**
   * Leaves what nobody has asked for, without waiting for those that do not answer: the run is over, or has waited for somebody, and
   * what was found before, a member that is away say, tells nothing any more.
   */
  readonly leave: () => void;
}

interface Coming {
  readonly session: Promise<Session>;
  readonly left: AbortController;
}

export function newApproach(opening: Opening): Approach {
  const coming = new Map<string, Coming>();
  return {
    begin: (member) => {
      const left = new AbortController();
      const session = openSession({ ...addressOf(member), ...opening, signal: left.signal });
      // Told to whoever asks for it; nobody may.
      session.catch(() => undefined);
      coming.set(member.name, { session, left });
    },
    arrive: (member) => {
      const found = coming.get(member.name);
      coming.delete(member.name);
      return found?.session ?? openSession({ ...addressOf(member), ...opening });
    },
    leave: () => {
      for (const { session, left } of coming.values()) {
        left.abort();
        void session.then(
          (opened) => opened.close(),
          () => undefined,
        );
      }
      coming.clear();
    },
  };
}
