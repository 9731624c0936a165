import { open, type FileHandle } from 'node:fs/promises';
import { StringDecoder } from 'node:string_decoder';
import { setTimeout as pause } from 'node:timers/promises';
import { SERVERS } from './bookstore-fleet.js';
import { requireSandbox, unknown } from './sandbox.js';
import { serverFiles } from './server-files.js';

export interface LogOptions {
  readonly onLine: (line: string) => void;
  /** Goes on with what is logged from now on, until `signal` aborts. */
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
}

const POLL_MS = 100;
const CHUNK_BYTES = 64 * 1024;

/**
 * Gives the lines of one server's log, time, pid, user, database and statement, without the passwords that
 * statements hold. Throws a VeneerError where there is no such server or no sandbox.
 */
export async function sandboxLogs(project: string, name: string, options: LogOptions): Promise<void> {
  if (!SERVERS.includes(name)) throw unknown('server', name, SERVERS);
  const log = await open(serverFiles(await requireSandbox(project), name).logFile, 'r');
  try {
    await readLines(log, options);
  } finally {
    await log.close();
  }
}

async function readLines(log: FileHandle, { onLine, follow = false, signal }: LogOptions): Promise<void> {
  const decoder = new StringDecoder('utf8');
  const chunk = Buffer.alloc(CHUNK_BYTES);
  let rest = '';
  for (;;) {
    if (signal?.aborted === true) return;
    const { bytesRead } = await log.read(chunk, 0, CHUNK_BYTES);
    const lines = (rest + decoder.write(chunk.subarray(0, bytesRead))).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(withoutPasswords(line));
    if (bytesRead > 0) continue;
    if (!follow) break;
    await pause(POLL_MS, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  }
  if (!follow && rest !== '') onLine(withoutPasswords(rest));
}

/** `PASSWORD 'x'` of roles and `password 'x'` of user mappings, also with a doubled quote inside. */
export function withoutPasswords(line: string): string {
  return line.replaceAll(/(\bpassword"?\s+)E?'(?:[^'\\]|''|\\.)*'/gi, "$1'***'");
}
