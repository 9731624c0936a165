import { EXIT, textOf, VeneerError } from '../errors.js';
import type { Secret } from '../secret.js';
import { ident } from './identifiers.js';
import { fieldOf, isConnectionLost, SQLSTATE, sqlstateOf } from './sqlstate.js';

/** An error of PostgreSQL or of the network that came from a member: PostgreSQL's own words, and where. */
export class MemberError extends VeneerError {
  readonly member: string;
  /** True where the session is gone, so that the fate of its last statement may be unknown. */
  readonly connectionLost: boolean;
  /** PostgreSQL's error position: characters from 1, in the text that was sent. */
  readonly position: number | null;
  /** How many statements of the text that was sent had completed before. */
  readonly completed: number;

  constructor(member: string, cause: unknown, text: MemberErrorText, completed = 0) {
    super(text.message, {
      exitCode: text.exitCode,
      where: { member },
      cause,
      ...(text.detail === undefined ? {} : { detail: text.detail }),
      ...(text.hint === undefined ? {} : { hint: text.hint }),
      ...(text.sqlstate === null ? {} : { sqlstate: text.sqlstate }),
    });
    this.member = member;
    this.completed = completed;
    this.connectionLost = isConnectionLost(cause);
    const position = Number(fieldOf(cause, 'position'));
    this.position = Number.isInteger(position) && position > 0 ? position : null;
  }
}

interface MemberErrorText {
  readonly message: string;
  readonly exitCode: typeof EXIT.failed | typeof EXIT.unreachable;
  readonly detail: string | undefined;
  readonly hint: string | undefined;
  readonly sqlstate: string | null;
}

/** Wraps whatever a client threw; an error that is one of ours already passes through. */
export function memberError(
  member: string,
  error: unknown,
  context: { connecting?: boolean; url?: Secret; role?: string | null | undefined; completed?: number } = {},
): VeneerError {
  if (error instanceof VeneerError) return error;
  const text = describe(error);
  if (context.connecting !== true) return new MemberError(member, error, text, context.completed);
  const address = context.url === undefined ? '' : ` at ${addressOf(context.url)}`;
  return new MemberError(member, error, {
    ...text,
    message: `${member}${address} cannot be reached: ${text.message}`,
    exitCode: EXIT.unreachable,
    hint: connectHint(error, context.role ?? null) ?? text.hint,
  });
}

function describe(error: unknown): MemberErrorText {
  const field = (key: string): string | undefined => {
    const value = fieldOf(error, key);
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  return {
    message: textOf(error) || field('code') || 'unknown error',
    exitCode: isConnectionLost(error) ? EXIT.unreachable : EXIT.failed,
    detail: field('detail'),
    hint: field('hint'),
    sqlstate: sqlstateOf(error),
  };
}

/** host:port/database of a url; never its user info, which holds the password. */
function addressOf(url: Secret): string {
  const { host, pathname } = new URL(url.reveal());
  return `${host || 'localhost'}${pathname}`;
}

function connectHint(error: unknown, role: string | null): string | undefined {
  switch (sqlstateOf(error)) {
    case SQLSTATE.invalidParameterValue:
    case SQLSTATE.insufficientPrivilege:
      return role === null
        ? undefined
        : `have a superuser run there: CREATE ROLE ${ident(role)}, unless it exists; GRANT ${ident(role)} TO the user of the url`;
    case SQLSTATE.invalidPassword:
    case SQLSTATE.invalidAuthorization:
      return 'check user and password of its url in .env';
    case SQLSTATE.undefinedDatabase:
      return 'create the database, or correct the name in its url';
    case SQLSTATE.tooManyConnections:
      return 'raise max_connections, or lower rollout.concurrency';
    default:
      return fieldOf(error, 'code') === 'ECONNREFUSED'
        ? 'is the server running, and the port right?'
        : undefined;
  }
}
