import { readFile } from 'node:fs/promises';
import type { TestFleet } from './test-fleet.js';

/** What a member logs from now on about a fleet's own database: its statements and errors. The answer reads it. */
export async function logged(
  fleet: Pick<TestFleet, 'servers' | 'database'>,
  member: string,
): Promise<() => Promise<string>> {
  const server = fleet.servers.find(({ name }) => name === member);
  if (server === undefined) throw new Error(`no member ${member}`);
  const { length } = await readFile(server.logFile);
  return async () => {
    const text = (await readFile(server.logFile)).subarray(length).toString();
    return text
      .split(/\n(?=\d{4}-)/)
      .filter((entry) => entry.includes(`db=${fleet.database} `))
      .join('\n');
  };
}
