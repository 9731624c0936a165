import { setTimeout as delay } from 'node:timers/promises';
import type { TestFleet } from '../support/test-fleet.js';

/** Asks a member until the one row of the answer says `yes`. The suite's timeout is the net for a `yes` that never comes. */
export async function until(fleet: TestFleet, member: string, question: string): Promise<void> {
  const client = await fleet.connect(member, 'superuser');
  while ((await client.query<{ yes: boolean }>(question)).rows[0]?.yes !== true) await delay(10);
}

/** Is a session waiting for a lock? */
export const waits = (pid: number): string =>
  `SELECT EXISTS (SELECT FROM pg_locks WHERE pid = ${pid} AND NOT granted) AS yes`;

/** Does anybody wait for what a session holds? */
export const blocks = (pid: number): string =>
  `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND ${pid} = ANY (pg_blocking_pids(pid))) AS yes`;
