import { randomBytes } from 'node:crypto';
import { SERVERS, SHARDS, VENEER } from './bookstore-fleet.js';

/** Ports by server name. */
export type Ports = Readonly<Record<string, number>>;

/**
 * The variables of .env.example for a sample fleet on other ports, with passwords of its own and, in tests, another
 * database name on every server.
 */
export function bookstoreEnv(ports: Ports, database = 'bookstore'): Record<string, string> {
  const env: Record<string, string> = { VENEER_APP_PASSWORD: password() };
  for (const shard of SHARDS) {
    const key = shard.toUpperCase();
    env[`${key}_HOST`] = '127.0.0.1';
    env[`${key}_PORT`] = String(ports[shard]);
    env[`ADMIN_PASSWORD_${key}`] = password();
    env[`APP_PASSWORD_${key}`] = password();
  }
  for (const name of SERVERS) {
    const key = name.toUpperCase();
    const user = name === VENEER ? 'veneer_admin' : 'bookstore_admin';
    const secret = env[`ADMIN_PASSWORD_${key}`] ?? password();
    env[`${key}_URL`] = `postgres://${user}:${secret}@127.0.0.1:${ports[name]}/${database}`;
  }
  return env;
}

const password = (): string => randomBytes(9).toString('hex');
