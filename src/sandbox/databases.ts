import { ident, literal } from '../postgres/identifiers.js';
import { withSession, type Session } from '../postgres/session.js';
import { Secret } from '../secret.js';

export interface DatabaseSpec {
  readonly name: string;
  readonly owner: string;
  /** A database to copy; nobody may be connected to it. */
  readonly template?: string;
}

export interface RoleSpec {
  readonly name: string;
  readonly password: Secret;
}

/** A superuser's session on one database of a server; what it runs stays out of the server's log, passwords above all. */
export async function withSuperuser<T>(
  server: { readonly name: string; readonly superuserUrl: Secret },
  database: string,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const url = new Secret(urlWith(server.superuserUrl.reveal(), { database }));
  return withSession({ member: server.name, url, applicationName: 'pg-veneer sandbox' }, async (session) => {
    await session.run("SET log_statement = 'none'");
    await session.run("SET log_min_error_statement = 'panic'");
    return work(session);
  });
}

/** A postgres:// url with another database, or another user. */
export function urlWith(
  url: string,
  change: { readonly database?: string; readonly user?: string; readonly password?: string },
): string {
  const changed = new URL(url);
  if (change.database !== undefined) changed.pathname = `/${encodeURIComponent(change.database)}`;
  if (change.user !== undefined) changed.username = encodeURIComponent(change.user);
  if (change.password !== undefined) changed.password = encodeURIComponent(change.password);
  return changed.href;
}

/** Makes a role that may log in, or gives the one that exists this password. */
export async function createRole(session: Session, { name, password }: RoleSpec): Promise<void> {
  const found = await session.query('SELECT FROM pg_roles WHERE rolname = $1', [name]);
  const verb = found.length === 0 ? 'CREATE' : 'ALTER';
  await session.run(`${verb} ROLE ${ident(name)} LOGIN PASSWORD ${literal(password.reveal())}`);
}

/** Makes a database, or does nothing where it exists. */
export async function createDatabase(
  session: Session,
  { name, owner, template }: DatabaseSpec,
): Promise<void> {
  const found = await session.query('SELECT FROM pg_database WHERE datname = $1', [name]);
  if (found.length > 0) return;
  // The strategy can be chosen since 15; before, there was only this one.
  const strategy = session.server.version < 150_000 ? '' : ' STRATEGY FILE_COPY';
  const from = template === undefined ? '' : ` TEMPLATE ${ident(template)}${strategy}`;
  await session.run(`CREATE DATABASE ${ident(name)} OWNER ${ident(owner)}${from}`);
}
