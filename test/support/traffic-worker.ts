import type { Client } from 'pg';
import { Refused, type Asking, type Tally, type TrafficQuery, type TrafficRow } from './traffic-tally.js';
import { TENANTS } from './traffic-schema.js';

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
export async function work({ name, client, turn, offset }: Worker, around: Surroundings): Promise<void> {
  const { tally } = around;
  for (let count = 0; around.goesOn(count); count++) {
    const tenant = TENANTS[(offset + count) % TENANTS.length] ?? TENANTS[0];
    const visit: Visit = {
      tenant: tenant.name,
      turn: count,
      ask: (query, as) => tally.ask(client, query, as),
      check: (right, say) => tally.check(right, () => `${name}, ${tenant.name}: ${say()}`),
      steps: () => around.stepsOn(tenant.shard),
      straddled: () => tally.straddled(),
    };
    try {
      await turn(visit);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.sqlstate === 'none') return; // the connection is gone, and that is in the tally
    }
    if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
  }
}
