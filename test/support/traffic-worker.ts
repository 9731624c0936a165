import type { Client } from 'pg';
import { Refused, type Asking, type Tally, type TrafficQuery, type TrafficRow } from './traffic-tally.js';
import { TENANTS, type TrafficTenant } from './traffic-schema.js';

/** One turn of a worker with one tenant. */
export interface Visit {
  readonly tenant: string;
  /** From 0 on, for this worker. */
  readonly turn: number;
  ask(query: TrafficQuery, as?: Asking): Promise<TrafficRow[]>;
  check(right: boolean, say: () => string): void;
  /** How many steps have committed on the tenant's shard so far. */
  steps(): number;
  straddled(): void;
}

export type Turn = (visit: Visit) => Promise<void>;

/** A connection through the veneer and what it does there, over and over. */
export interface Worker {
  readonly name: string;
  readonly client: Client;
  readonly turn: Turn;
  /** The first tenant of its round; it goes on to the next with every turn. */
  readonly offset: number;
}

export interface Surroundings {
  readonly tally: Tally;
  readonly stepsOn: (shard: string) => number;
  /** Asked before each turn. */
  readonly goesOn: (turn: number) => boolean;
}

/** Turn after turn; one that was refused ends with a rollback, and the next begins. */
export async function work(worker: Worker, around: Surroundings): Promise<void> {
  const { client, turn, offset } = worker;
  for (let count = 0; around.goesOn(count); count++) {
    const tenant = TENANTS[(offset + count) % TENANTS.length] ?? TENANTS[0];
    const visit = visitOf({ ...worker, tally: around.tally }, tenant, count);
    try {
      await turn({ ...visit, steps: () => around.stepsOn(tenant.shard) });
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.sqlstate === 'none') return; // the connection is gone, and that is in the tally
    }
    if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
  }
}

/** A single visit, for a test that has no worker. */
export function visitOf(
  { name, client, tally }: Pick<Worker, 'name' | 'client'> & { readonly tally: Tally },
  tenant: TrafficTenant,
  turn: number,
): Visit {
  return {
    tenant: tenant.name,
    turn,
    ask: (query, as) => tally.ask(client, query, as),
    check: (right, say) => tally.check(right, name, () => `${tenant.name}: ${say()}`),
    steps: () => 0,
    straddled: () => tally.straddled(),
  };
}
