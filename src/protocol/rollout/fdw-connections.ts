import { groupBy } from '../../group-by.js';
import type { FdwDemand } from '../../report/plan.js';
import type { Capacity } from './capacity.js';

/** A veneer, with the sessions that the application has there now, and as many as it may have. */
export interface FdwSource {
  readonly veneer: string;
  readonly capacity: Pick<Capacity, 'sessions' | 'connections'>;
}

/** A shard, as postgres_fdw reaches it: one foreign server on each veneer, one user mapping per role. */
export interface FdwTarget {
  readonly shard: string;
  readonly roles: number;
  readonly capacity: Pick<Capacity, 'server' | 'connections' | 'freeConnections' | 'fdwConnections'>;
}

/**
 * Forecast of postgres_fdw's own connections: veneer sessions × servers × roles against each shard's server. A session
 * uses more than one role where views run with the rights of their owners. Pure.
 * https://www.postgresql.org/docs/current/postgres-fdw.html#POSTGRES-FDW-CONNECTION-MANAGEMENT
 */
export function forecastFdw(veneers: readonly FdwSource[], shards: readonly FdwTarget[]): FdwDemand[] {
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  return [...groupBy(shards, ({ capacity }) => capacity.server).values()].map((onServer) => {
    const mappings = sum(onServer.map(({ roles }) => roles));
    const capacities = onServer.map(({ capacity }) => capacity);
    return {
      shards: onServer.map(({ shard }) => shard),
      now: mappings * sum(veneers.map(({ capacity }) => capacity.sessions)),
      most: mappings * sum(veneers.map(({ capacity }) => capacity.connections)),
      room: Math.min(...capacities.map((one) => Math.max(0, one.freeConnections) + one.fdwConnections)),
      connections: Math.min(...capacities.map(({ connections }) => connections)),
    };
  });
}

/** What a run tells before it begins: servers that may refuse postgres_fdw while the sessions of now are at work. Pure. */
export const fdwNotices = (demands: readonly FdwDemand[]): string[] =>
  demands
    .filter(({ now, room }) => now > room)
    .map(
      ({ shards, now, room, connections }) =>
        `${shards.join(', ')}: sessions on the veneers may open ${now} connections of postgres_fdw there, and the server has room for ${room} of its ${connections}; raise max_connections, or pool the application's sessions`,
    );
