import type pg from 'pg';
import { connectionOf } from './client-connection.js';
import { gatherWrites } from './gathered-writes.js';
import { memberError } from './member-error.js';
import { fieldOf, SQLSTATE } from './sqlstate.js';

/** Hears how many statements of a text have completed, and the command tag of the last of them. */
export type Told = (completed: number, tag: string) => void;

/** What goes over one connection, in the order of the calls, since an anchor serves several lanes. */
export interface ClientTurns {
  /** The client's own, counted: everything is to be asked by it. */
  readonly query: pg.Client['query'];
  /**
   * Does what asks the server once the calls before have been answered. `told` hears how many statements of its first query have
   * completed, whenever one more has. Throws a MemberError that says how many had, too.
   */
  readonly take: <T>(work: () => Promise<T>, told?: Told) => Promise<T>;
  /**
   * The same for one query that need not wait for an answer: it is sent behind others of its kind without waiting for
   * these, so that what is asked together takes one round trip. The server answers in order; in a transaction that one of
   * them broke the others fail as well, after it.
   */
  readonly share: <T>(work: () => Promise<T>, told?: Told) => Promise<T>;
  /** True while a statement is on its way. */
  readonly isAsked: () => boolean;
  /** True between an error and what the server says its transaction is after it. */
  readonly isFailing: () => boolean;
  /** How often a statement of a text had the server forget what was prepared. */
  readonly forgotten: () => number;
}

/** `lose` is told when the server has said its last word. The client has to be one that pipelines. */
export function turnsOfClient(member: string, client: pg.Client, lose: () => void): ClientTurns {
  const answers = countAnswers(client);
  const gather = gatherWrites(client);
  const turns = queue();
  let asked = 0;
  const ask = async <T>(work: () => Promise<T>, told?: Told): Promise<T> => {
    asked++;
    gather();
    const first = answers.expected(told);
    try {
      return await work();
    } catch (error) {
      // The server's last word comes before the end of the connection.
      if (fieldOf(error, 'severity') === 'FATAL') lose();
      // A function that a migration calls has had the server forget it, which no tag tells.
      if (fieldOf(error, 'code') === SQLSTATE.unknownStatement) answers.forgotten++;
      throw memberError(member, error, { completed: first.completed });
    } finally {
      asked--;
    }
  };
  return {
    query: ((...query: Parameters<pg.Client['query']>) => {
      answers.expect();
      return client.query(...query);
    }) as pg.Client['query'],
    isAsked: () => asked > 0,
    isFailing: () => answers.failing,
    forgotten: () => answers.forgotten,
    take: (work, told) => turns.take(() => ask(work, told)),
    share: (work, told) => turns.share(() => ask(work, told)),
  };
}

interface Queue {
  /** After all before it, and before all after it. */
  take<T>(work: () => Promise<T>): Promise<T>;
  /** After whoever took a turn for itself before it. */
  share<T>(work: () => Promise<T>): Promise<T>;
}

function queue(): Queue {
  let lastTaken: Promise<unknown> = Promise.resolve();
  let since: Promise<unknown>[] = [];
  return {
    take(work) {
      const turn = Promise.allSettled([lastTaken, ...since]).then(work);
      lastTaken = turn.catch(() => undefined);
      since = [];
      return turn;
    },
    share(work) {
      const turn = lastTaken.then(work);
      since.push(turn);
      const done = (): void => void (since = since.filter((other) => other !== turn));
      turn.then(done, done);
      return turn;
    },
  };
}

/** A query on its way, or to be sent next. */
interface Expected {
  /** Statements of it that have completed. */
  completed: number;
  readonly told: Told | undefined;
}

interface Answers {
  /** The next query to be sent. */
  expected(told: Told | undefined): Expected;
  /** It is sent. */
  expect(): void;
  readonly failing: boolean;
  /** How often what was prepared is known to have been forgotten. */
  forgotten: number;
}

/**
 * Counts the statements of each query that have completed: an error without a position (a unique violation) says
 * nowhere else which statement of the text it came from. CommandComplete comes once per statement sent, and ReadyForQuery at the
 * end of each query, failed ones too (https://www.postgresql.org/docs/current/protocol-flow.html).
 */
function countAnswers(client: pg.Client): Answers {
  const sent: Expected[] = [];
  let next: Expected = { completed: 0, told: undefined };
  let failing = false;
  const answers: Answers = {
    get failing() {
      return failing;
    },
    forgotten: 0,
    expected: (told) => (next = { completed: 0, told }),
    expect: () => {
      sent.push(next);
      next = { completed: 0, told: undefined };
    },
  };
  const connection = connectionOf(client);
  connection.on('commandComplete', ({ text }: { readonly text: string }) => {
    if (text === 'DISCARD ALL' || text === 'DEALLOCATE ALL') answers.forgotten++;
    const [answered] = sent;
    if (answered === undefined) return;
    answered.completed++;
    answered.told?.(answered.completed, text);
  });
  // ErrorResponse, then, once the transaction is aborted, ReadyForQuery; between the two callers hear of the error.
  connection.on('errorMessage', () => (failing = true));
  connection.on('readyForQuery', () => {
    failing = false;
    sent.shift();
  });
  return answers;
}
