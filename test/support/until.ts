import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';

/** Whoever can connect to a member as superuser: a fleet of tests, or an example's. */
interface Askable {
  readonly connect: (member: string, as: 'superuser') => Promise<Client>;
}

/** Asks until the answer is yes; the suite's timeout is the net for one that never comes. */
export async function untilTrue(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await delay(5);
}

/** Asks a member, as superuser, until the query finds a row. */
export const untilSome = (fleet: Askable, member: string, sql: string): Promise<void> =>
  askUntil(fleet, member, { sql, isSo: (rows) => rows > 0 });

/** Asks a member, as superuser, until the query finds no row. */
export const untilNone = (fleet: Askable, member: string, sql: string): Promise<void> =>
  askUntil(fleet, member, { sql, isSo: (rows) => rows === 0 });

async function askUntil(
  fleet: Askable,
  member: string,
  { sql, isSo }: { readonly sql: string; readonly isSo: (rows: number) => boolean },
): Promise<void> {
  const client = await fleet.connect(member, 'superuser');
  try {
    await untilTrue(async () => isSo((await client.query(sql)).rows.length));
  } finally {
    await client.end();
  }
}
