import type { Client } from 'pg';
import { fieldOf, sqlstateOf } from '../../src/postgres/sqlstate.js';
import { textOf } from '../../src/errors.js';

/** What a prepared SELECT * gets after its table changed, from one server, too. Any other 0A000 is another error. */
const CHANGED_PLAN = 'cached plan must not change result type';

export type TrafficRow = Record<string, unknown>;

/** What traffic met. Errors are counted by SQLSTATE, `none` where PostgreSQL did not speak. */
export interface TrafficResult {
  readonly statements: number;
  readonly errors: Readonly<Record<string, number>>;
  /** Errors that the same statement would get from one server: a name that a migration has just taken away. */
  readonly asOnOneServer: Readonly<Record<string, number>>;
  /** Answers that no state of the data explains; the first ones in words. */
  readonly wrong: number;
  /** The first few of each kind of error and of the wrong answers, for people. */
  readonly samples: readonly string[];
  /** Milliseconds of the statement that took longest. */
  readonly longestMs: number;
  /** Transactions that were open while a step committed on their shard, and read the changed tables after it. */
  readonly straddled: number;
}

export interface Tally {
  /** Sends a statement; throws `Refused` when it failed, which is then counted already. */
  ask(client: Client, query: TrafficQuery, as?: Asking): Promise<TrafficRow[]>;
  /** Notes a wrong answer unless `right`; `who`: the kind of worker that got it. */
  check(right: boolean, who: string, say: () => string): void;
  straddled(): void;
  result(): TrafficResult;
}

export type TrafficQuery =
  string | { readonly name?: string; readonly text: string; readonly values?: unknown[] };

export interface Asking {
  /** Says whether one server would have given this error at this moment as well. */
  readonly expected?: (error: unknown) => boolean;
}

/** A statement failed; the error is in the tally. */
export class Refused extends Error {
  readonly sqlstate: string;
  constructor(sqlstate: string, cause: unknown) {
    super(textOf(cause), { cause });
    this.sqlstate = sqlstate;
  }
}

const SAMPLES_PER_KIND = 3;

export function startTally(): Tally {
  const errors: Record<string, number> = {};
  const asOnOneServer: Record<string, number> = {};
  const samples: string[] = [];
  const seen = new Map<string, number>();
  let statements = 0;
  let wrong = 0;
  let straddled = 0;
  let longestMs = 0;
  const sample = (kind: string, text: string): void => {
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    if (count <= SAMPLES_PER_KIND) samples.push(`${kind}: ${text}`);
  };
  const refuse = (error: unknown, query: TrafficQuery, as: Asking): Refused => {
    const state = stateOf(error);
    const counts = as.expected?.(error) === true ? asOnOneServer : errors;
    counts[state] = (counts[state] ?? 0) + 1;
    if (counts === errors) sample(state, `${textOf(error)} [${contextOf(error)}] ${textOfQuery(query)}`);
    return new Refused(state, error);
  };
  return {
    async ask(client, query, as = {}) {
      const start = performance.now();
      statements++;
      try {
        return (await client.query<TrafficRow>(typeof query === 'string' ? query : { ...query })).rows;
      } catch (error) {
        throw refuse(error, query, as);
      } finally {
        longestMs = Math.max(longestMs, performance.now() - start);
      }
    },
    check(right, who, say) {
      if (right) return;
      wrong++;
      sample(`wrong, ${who}`, say());
    },
    straddled: () => void straddled++,
    result: () => ({
      statements,
      errors,
      asOnOneServer,
      wrong,
      samples,
      longestMs: Math.round(longestMs),
      straddled,
    }),
  };
}

function stateOf(error: unknown): string {
  const state = sqlstateOf(error) ?? 'none';
  return state === '0A000' && textOf(error) !== CHANGED_PLAN ? '0A000 (other)' : state;
}

/** postgres_fdw says in the context that an error came from the shard. */
export const isRemote = (error: unknown): boolean => contextOf(error).includes('remote SQL command');

const contextOf = (error: unknown): string => {
  const where = fieldOf(error, 'where');
  return typeof where === 'string' ? where : '';
};

const textOfQuery = (query: TrafficQuery): string =>
  typeof query === 'string' ? query : `${query.text} ${JSON.stringify(query.values ?? [])}`;
