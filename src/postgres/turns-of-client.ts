import type pg from 'pg';
import { connectionOf } from './client-connection.js';
import { gatherWrites } from './gathered-writes.js';
import { memberError } from './member-error.js';
import { fieldOf, SQLSTATE } from './sqlstate.js';

/** What goes over one connection, in the order of the calls, since an anchor serves several lanes. */
export interface ClientTurns {
  /**
   * Does what asks the server once the calls before have been answered. `told` hears how many statements have completed,
   * whenever one more has. Throws a MemberError that says how many had, too.
   */
  readonly take: <T>(work: () => Promise<T>, told?: (completed: number) => void) => Promise<T>;
  /**
   * The same for one statement that needs nobody's answer: it is sent behind others of its kind without waiting for
   * these, so that what is asked together takes one round trip. The server answers in order; in a transaction that one of
   * them broke the others fail as well, after it.
   */
  readonly share: <T>(work: () => Promise<T>) => Promise<T>;
  /**
   * Like `take`, but what shares a turn behind it is sent at once: it need not wait for the answer to be right, since the server runs
   * it when this is through. `told` hears of its own statements alone.
   */
  readonly precede: <T>(work: () => Promise<T>, told?: (completed: number) => void) => Promise<T>;
  /** True while a statement is on its way. */
  readonly isAsked: () => boolean;
  /** True between an error and what the server says its transaction is after it. */
  readonly isFailing: () => boolean;
  /** How often a statement of a text had the server forget what was prepared. */
  readonly forgotten: () => number;
}

/** `lose` is told when the server has said its last word. The client has to be one that pipelines. */
export function turnsOfClient(member: string, client: pg.Client, lose: () => void): ClientTurns {
  const completed = countCompleted(client);
  const gather = gatherWrites(client);
  const turns = queue();
  let asked = 0;
  const ask = async <T>(work: () => Promise<T>, done: () => number): Promise<T> => {
    asked++;
    gather();
    try {
      return await work();
    } catch (error) {
      // The server's last word comes before the end of the connection.
      if (fieldOf(error, 'severity') === 'FATAL') lose();
      // A function that a migration calls has had the server forget it, which no tag tells.
      if (fieldOf(error, 'code') === SQLSTATE.unknownStatement) completed.forgotten++;
      throw memberError(member, error, { completed: done() });
    } finally {
      asked--;
    }
  };
  return {
    isAsked: () => asked > 0,
    isFailing: () => completed.failing,
    forgotten: () => completed.forgotten,
    take: (work, told) =>
      turns.take(() => {
        completed.begin(told, 'the next turn');
        return ask(work, () => completed.count).finally(() => completed.end());
      }),
    share: (work) => turns.share(() => ask(work, () => 0)),
    precede: (work, told) =>
      turns.precede(() => {
        completed.begin(told, 'its end');
        return ask(work, () => completed.count);
      }),
  };
}

interface Queue {
  /** After all before it, and before all after it. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** After all before it; what shares a turn after it begins when this has begun. */
  precede<T>(work: () => Promise<T>): Promise<T>;
  /** After whoever took a turn for itself before it. */
  share<T>(work: () => Promise<T>): Promise<T>;
}

function queue(): Queue {
  let lastTaken: Promise<unknown> = Promise.resolve();
  let since: Promise<unknown>[] = [];
  const note = (turn: Promise<unknown>): void => {
    since.push(turn);
    const done = (): void => void (since = since.filter((other) => other !== turn));
    turn.then(done, done);
  };
  return {
    take(work) {
      const turn = Promise.allSettled([lastTaken, ...since]).then(work);
      lastTaken = turn.catch(() => undefined);
      since = [];
      return turn;
    },
    precede(work) {
      const before = Promise.allSettled([lastTaken, ...since]);
      const turn = before.then(work);
      lastTaken = before;
      since = [];
      note(turn);
      return turn;
    },
    share(work) {
      const turn = lastTaken.then(work);
      note(turn);
      return turn;
    },
  };
}

interface Completed {
  /** Statements since `begin`. */
  readonly count: number;
  /** How often a statement of a text had the server forget what was prepared; whoever finds out otherwise counts it, too. */
  forgotten: number;
  readonly failing: boolean;
  /** Until its end: what is on the way behind it is counted for nobody. */
  begin(told: ((completed: number) => void) | undefined, until: 'its end' | 'the next turn'): void;
  /** Nobody is told any more. */
  end(): void;
}

/**
 * Counts the statements of a text that have completed: an error without a position (a unique violation) says
 * nowhere else which statement of the text it came from. CommandComplete comes once per statement sent
 * (https://www.postgresql.org/docs/current/protocol-flow.html).
 */
function countCompleted(client: pg.Client): Completed {
  let [counting, endsWhenReady, count, failing] = [false, false, 0, false];
  let tell: ((completed: number) => void) | undefined;
  const completed: Completed = {
    get count() {
      return count;
    },
    get failing() {
      return failing;
    },
    forgotten: 0,
    begin: (told, until) => {
      [counting, endsWhenReady, count, tell] = [true, until === 'its end', 0, told];
    },
    end: () => (tell = undefined),
  };
  const connection = connectionOf(client);
  connection.on('commandComplete', ({ text }: { readonly text: string }) => {
    if (text === 'DISCARD ALL' || text === 'DEALLOCATE ALL') completed.forgotten++;
    if (!counting) return;
    count++;
    tell?.(count);
  });
  // ErrorResponse, then, once the transaction is aborted, ReadyForQuery; between the two callers hear of the error.
  connection.on('errorMessage', () => (failing = true));
  connection.on('readyForQuery', () => {
    failing = false;
    if (!endsWhenReady) return;
    counting = false;
    completed.end();
  });
  return completed;
}
