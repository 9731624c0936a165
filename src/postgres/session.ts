import pg from 'pg';
import type { Secret } from '../secret.js';
import { allDone } from './all-done.js';
import { connectionOf, leave } from './client-connection.js';
import { freshStatements, PREPARED_BY_SQL, type Values } from './hygiene.js';
import { ident } from './identifiers.js';
import { memberError } from './member-error.js';
import { nameOf, preparedStatements } from './prepared-statements.js';
import { factsOf, opening, type OpenRow, type ServerFacts } from './server-facts.js';
import { turnsOfClient, type ClientTurns, type Told } from './turns-of-client.js';

export type Row = Record<string, unknown>;

/**
 * One connection to one member. It lives as long as it is open: it never reconnects by itself, because the locks
 * that it holds, and so the right to commit, die with it.
 */
export interface Session {
  readonly member: string;
  readonly pid: number;
  readonly server: ServerFacts;
  /** What it was set to when it was opened, of what our sessions pin: what of it this server knows. */
  readonly pinned: Readonly<Record<string, string>>;
  /** Undoes what an earlier migration may have left in it, and runs `then` in the same round trip; answers what that did. */
  freshen(then?: string): Promise<readonly Answer[]>;
  /** Runs one statement with bound values. Throws a VeneerError that names the member. */
  query<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /**
   * The same for a text that is asked again and again, and is parsed and planned once a session. What is asked in one go
   * (Promise.all) takes one round trip. A migration that has its server forget what was prepared (DEALLOCATE ALL,
   * DISCARD ALL) is noticed by its command tag; where a function of its did, the first query fails (26000), and another attempt works.
   */
  prepared<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /**
   * Like `prepared`, but with the rights of the user that logged in: sessions of ours are its own, to be seen and ended, while
   * the role that works here need not have its rights.
   */
  asLogin<R extends Row = Row>(text: string, values?: readonly unknown[]): Promise<R[]>;
  /**
   * Sends SQL text in the simple protocol (several statements are allowed); answers the command tags' first words. `told`
   * hears how many statements have completed, whenever one more has.
   */
  run(text: string, told?: Told): Promise<readonly string[]>;
  /** Like `run`, but answers the rows of each statement. */
  ask(text: string): Promise<readonly Answer[]>;
  /**
   * Like `ask`, but it does not wait for what `prepared` asked before it, nor what it asks behind it for this: what is asked together
   * takes one round trip, and finds what it has left. Where it fails in a transaction, those behind it fail, too (see `allDone`);
   * else they are run without it.
   */
  precede(text: string, told?: Told): Promise<readonly Answer[]>;
  /** True while a statement is on its way: an idle one waits for nothing but us. */
  isAsked(): boolean;
  /** True once the connection is known to be gone. */
  isLost(): boolean;
  /**
   * T in a transaction, E in a failed one, I idle: as the server's last answer said. An error is told before the server says what it
   * has made of the transaction; see `isIdle`.
   */
  status(): 'I' | 'T' | 'E' | null;
  /** No transaction is open, and no error's end is waited for, behind which one may be. */
  isIdle(): boolean;
  close(): Promise<void>;
}

/** What one statement answered. */
export interface Answer {
  /** The command tag's first word. */
  readonly command: string;
  /** Values in the order of the columns; columns may bear one name. */
  readonly rows: readonly (readonly unknown[])[];
  readonly columns: number;
  /** How many rows it returned, or wrote. */
  readonly count: number;
}

export interface SessionOptions {
  readonly member: string;
  readonly url: Secret;
  /** Who works there; null: the user of the url. */
  readonly role?: string | null;
  readonly applicationName: string;
  readonly connectTimeoutMs?: number;
  /** What it is set to from its first query on, otherwise than all of our sessions. */
  readonly settings?: Values;
  /** Aborted: nobody waits for it any more. It fails at once where it is still being opened. */
  readonly signal?: AbortSignal;
  /** rollout.lock_hold: a session that is idle in a transaction for clearly longer is ended by its server. */
  readonly holdMs?: number;
}

/** Opens a session. Throws a VeneerError (exit 23) that says why the member cannot be reached. */
export async function openSession(options: SessionOptions): Promise<Session> {
  const client = new pg.Client({
    connectionString: withRole(options.url.reveal(), options.role ?? null),
    application_name: options.applicationName.slice(0, 63),
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_MS,
    // So that what shares a turn is sent without waiting; it also changes how a client ends: see close.
    pipeline: true,
  });
  let lost = false;
  const lose = (): void => void (lost = true);
  client.on('error', lose);
  client.on('end', lose);
  const leave = (): void => connectionOf(client).stream.destroy();
  options.signal?.addEventListener('abort', leave);
  try {
    await client.connect();
    const opened = await client.query<OpenRow>(opening(options.holdMs ?? null, options.settings ?? {}));
    return sessionOf(options.member, client, opened.rows[0] as OpenRow, {
      isLost: () => lost,
      lose,
      role: options.role ?? null,
    });
  } catch (error) {
    await client.end().catch(() => undefined);
    throw memberError(options.member, error, { connecting: true, url: options.url, role: options.role });
  } finally {
    options.signal?.removeEventListener('abort', leave);
  }
}

/**
 * The role is part of what a session is opened with, so that RESET ROLE, in a migration or of our own, comes back to it:
 * https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
 */
function withRole(url: string, role: string | null): string {
  if (role === null) return url;
  const parsed = new URL(url);
  const option = `-c role=${role.replaceAll(/[\\\s]/g, String.raw`\$&`)}`;
  parsed.searchParams.set('options', [parsed.searchParams.get('options'), option].filter(Boolean).join(' '));
  return parsed.href;
}

/** A connection that says nothing is asked after that often: our side of what LIVENESS asks of the server. */
const KEEPALIVE_MS = 5_000;

interface Life {
  readonly role: string | null;
  readonly isLost: () => boolean;
  readonly lose: () => void;
}

function sessionOf(
  member: string,
  client: pg.Client,
  opened: OpenRow,
  { isLost, lose, role }: Life,
): Session {
  const turns = turnsOfClient(member, client, lose);
  const statements = preparedStatements();
  const send = turns.take;
  const query = <R extends Row>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    send(async () => (await turns.query<R>(text, [...values])).rows);
  const prepared = <R extends Row>(text: string, values: readonly unknown[] = []): Promise<R[]> =>
    turns.share(async () => {
      const name = nameOf(text, turns.forgotten());
      const send = (known?: string): Promise<pg.QueryResult<R>> =>
        turns.query<R>({ ...(known === undefined ? {} : { name: known }), text, values: [...values] });
      return (await statements.run(name, send)).rows;
    });
  const ask = (text: string): Promise<Answer[]> =>
    send(async () => {
      const results: unknown = await turns.query<unknown[]>({ text, rowMode: 'array' });
      return answersOf(results);
    });
  return {
    member,
    pid: opened.pid,
    server: factsOf(opened),
    pinned: opened.pinned,
    isAsked: turns.isAsked,
    isLost,
    status: () => client.getTransactionStatus(),
    isIdle: () => client.getTransactionStatus() === 'I' && !turns.isFailing(),
    query,
    prepared,
    asLogin:
      role === null ? prepared : (text, values = []) => turns.share(() => askAsLogin(turns, text, values)),
    run: (text, told) => send(async () => tagsOf(await turns.query(text)), told),
    precede: (text, told) =>
      turns.share(async () => {
        statements.cut();
        return answersOf(await turns.query({ text, rowMode: 'array' }));
      }, told),
    ask,
    async freshen(then): Promise<readonly Answer[]> {
      const text = [...freshStatements(opened.pinned), PREPARED_BY_SQL].join('; ');
      const texts = [text, ...(then === undefined ? [] : [then])];
      // Two texts, sent together: in one, a BEGIN of the second would take over the transaction that the first began,
      // with what an earlier migration had set for its transactions.
      const [fresh = [], answers = []] = await send(() =>
        allDone(texts.map(async (one) => answersOf(await turns.query({ text: one, rowMode: 'array' })))),
      );
      const left = fresh.at(-1)?.rows ?? [];
      if (left.length > 0) await ask(left.map(([name]) => `DEALLOCATE ${ident(String(name))}`).join('; '));
      return answers;
    },
    close: () => leave(client, turns.isAsked()),
  };
}

const tagsOf = (results: unknown): string[] =>
  (Array.isArray(results) ? results : [results]).map(({ command }: pg.QueryResult) => command);

const answersOf = (results: unknown): Answer[] =>
  (Array.isArray(results) ? results : [results]).map(
    ({ command, rows, fields, rowCount }: pg.QueryArrayResult<unknown[]>) => ({
      command,
      rows,
      columns: fields.length,
      count: rowCount ?? 0,
    }),
  );

/** Sent in one go, so that it takes one round trip and nothing else of ours runs with these rights. */
async function askAsLogin<R extends Row>(
  { query }: Pick<ClientTurns, 'query'>,
  text: string,
  values: readonly unknown[],
): Promise<R[]> {
  const [, { rows }] = await allDone([
    query('SET ROLE NONE'),
    query<R>(text, [...values]),
    // In a failed transaction it fails, and the rollback does it.
    query('RESET ROLE').catch(() => undefined),
  ]);
  return rows;
}

/** Borrows a session for the time of `work`. */
export async function withSession<T>(
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await openSession(options);
  try {
    return await work(session);
  } finally {
    await session.close();
  }
}
