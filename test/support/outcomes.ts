import { expect } from '@jest/globals';
import type { UpReport } from '../../src/report/up.js';
import type { Commands } from './commands.js';

/** What a run reports that did all it was to do. */
export const committed = { problems: [], exitCode: 0 } as const;

/** What `status` reports of a fleet that has nothing to do. */
export const clean = { drift: [], inDoubt: [], problems: [], exitCode: 0 } as const;

/** Asks `status`, which must find nothing. */
export async function expectClean(run: Pick<Commands, 'status'>): Promise<void> {
  expect(await run.status()).toMatchObject(clean);
}

/** What became of each shard, in the order of the report: `shard1: done`. */
export const shardStates = ({ shards }: UpReport): string[] =>
  shards.map(({ shard, state }) => `${shard}: ${state}`);

/** By which protocol each step went, in the order of the report. */
export const protocolsOf = ({ shards }: UpReport): (string | null)[] =>
  shards.flatMap(({ steps }) => steps.map(({ protocol }) => protocol));
