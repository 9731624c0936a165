import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';
import type { BenchFleet, BenchTenant } from '../fleets/tenants.js';
import type { Figures } from './pairs.js';

/** Sessions of an application that read through the veneer until they are told to stop. */
export interface WatchedReaders {
  /** How long the longest statement took, milliseconds, and how many there were. */
  readonly stop: () => Promise<Figures>;
}

const CONNECTIONS = 4;

/** Between two reads of a connection: enough of them to meet every lock, few enough to leave the machine to what is measured. */
const PACE_MS = 25;

/** Each reads one tenant after the other, from another one on; a statement that fails counts for its time. */
export async function watchReaders(
  fleet: BenchFleet,
  queryOf: (tenant: BenchTenant) => string,
): Promise<WatchedReaders> {
  const state = { isOver: false, longest: 0, reads: 0 };
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => fleet.connect('veneer', 'app')),
  );
  const read = async (client: (typeof clients)[number], from: number): Promise<void> => {
    for (let index = from; !state.isOver; index++) {
      const tenant = fleet.tenants[index % fleet.tenants.length];
      if (tenant === undefined) return;
      const began = performance.now();
      await client.query(queryOf(tenant)).catch(() => undefined);
      state.longest = Math.max(state.longest, performance.now() - began);
      state.reads++;
      await setTimeout(PACE_MS);
    }
  };
  const share = Math.ceil(fleet.tenants.length / CONNECTIONS);
  const reading = clients.map((client, at) => read(client, at * share));
  return {
    stop: async () => {
      state.isOver = true;
      await Promise.all(reading);
      await Promise.all(clients.map((client) => client.end()));
      return { waitedMs: state.longest, reads: state.reads };
    },
  };
}
