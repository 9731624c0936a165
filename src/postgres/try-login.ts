import pg from 'pg';
import type { Secret } from '../secret.js';
import type { SessionOptions } from './session.js';
import { memberError } from './member-error.js';
import type { VeneerError } from '../errors.js';

/** Whose login is tried, at the server and database of a url that is somebody else's. */
export interface Login extends Pick<SessionOptions, 'member' | 'url' | 'applicationName'> {
  readonly user: string;
  readonly password: Secret;
}

/** Logs in and leaves again, asking nothing: what the user may do there is not known here. Null: that went well. */
export async function tryLogin(login: Login): Promise<VeneerError | null> {
  const client = new pg.Client({
    connectionString: loginUrl(login),
    application_name: login.applicationName.slice(0, 63),
    connectionTimeoutMillis: 5_000,
  });
  // A connection that breaks as it is left is no answer any more.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return null;
  } catch (error) {
    return memberError(login.member, error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Parameters that stand for the url's own user, or work as it, are left out. */
function loginUrl({ url, user, password }: Login): string {
  const parsed = new URL(url.reveal());
  for (const name of ['user', 'password', 'options']) parsed.searchParams.delete(name);
  parsed.username = encodeURIComponent(user);
  parsed.password = encodeURIComponent(password.reveal());
  return parsed.href;
}
