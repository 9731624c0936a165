import type pg from 'pg';
import { memberError } from './member-error.js';
import { fieldOf } from './sqlstate.js';

/** What goes over one connection: one after the other, in the order of the calls, since an anchor serves several lanes. */
export interface ClientTurns {
  /**
   * Does what asks the server once the calls before have ended. `told` hears how many statements have completed, whenever
   * one more has. Throws a MemberError that says how many had, too.
   */
  readonly take: <T>(work: () => Promise<T>, told?: (completed: number) => void) => Promise<T>;
  /** True while a statement is on its way. */
  readonly isAsked: () => boolean;
  /** How often a statement of a text had the server forget what was prepared. */
  readonly forgotten: () => number;
}

/** `lose` is told when the server has said its last word. */
export function turnsOfClient(member: string, client: pg.Client, lose: () => void): ClientTurns {
  const completed = countCompleted(client);
  const inTurn = queue();
  let asked = false;
  return {
    isAsked: () => asked,
    forgotten: () => completed.forgotten,
    take: (work, told) =>
      inTurn(async () => {
        completed.count = 0;
        completed.told = told;
        asked = true;
        try {
          return await work();
        } catch (error) {
          // The server's last word comes before the end of the connection.
          if (fieldOf(error, 'severity') === 'FATAL') lose();
          throw memberError(member, error, { completed: completed.count });
        } finally {
          asked = false;
        }
      }),
  };
}

function queue(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work, work);
    last = turn.catch(() => undefined);
    return turn;
  };
}

interface Completed {
  count: number;
  forgotten: number;
  told: ((completed: number) => void) | undefined;
}

/**
 * Counts the statements of a text that have completed: an error without a position (a unique violation) says
 * nowhere else which statement of the text it came from. CommandComplete comes once per statement sent
 * (https://www.postgresql.org/docs/current/protocol-flow.html).
 */
function countCompleted(client: pg.Client): Completed {
  const completed: Completed = { count: 0, forgotten: 0, told: undefined };
  const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
  connection.on('commandComplete', ({ text }: { readonly text: string }) => {
    completed.count++;
    if (text === 'DISCARD ALL' || text.startsWith('DEALLOCATE')) completed.forgotten++;
    completed.told?.(completed.count);
  });
  return completed;
}
