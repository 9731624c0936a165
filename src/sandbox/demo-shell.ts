import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));
const CLI = fileURLToPath(new URL('../cli.js', import.meta.url));

/** What the demo does, each thing printed before it is done. Every method throws when the demo was interrupted. */
export interface DemoShell {
  /** A line that teaches. */
  readonly say: (text: string) => void;
  /** Runs the real command on the real fleet. Throws when its exit code is another one. */
  readonly migrate: (args: readonly string[], expected: number) => Promise<void>;
  /** Runs a statement and prints what it answers; the answer's rows. */
  readonly query: (who: Connection, sql: string) => Promise<readonly Record<string, unknown>[]>;
}

/** Where a statement runs, and the prompt that says so. */
export interface Connection {
  readonly prompt: string;
  readonly url: string;
}

export function demoShell(env: Readonly<Record<string, string>>, signal: AbortSignal): DemoShell {
  return {
    say: (text) => console.log(`\n# ${text}`),
    async migrate(args, expected) {
      signal.throwIfAborted();
      console.log(`$ migrate ${args.join(' ')}`);
      const code = await run([CLI, ...args], { ...process.env, ...env }, signal);
      signal.throwIfAborted();
      console.log(`(exit code ${code})`);
      if (code !== expected)
        throw new Error(`migrate ${args.join(' ')}: exit code ${code}, expected ${expected}`);
    },
    async query({ prompt, url }, sql) {
      signal.throwIfAborted();
      console.log(`${prompt}=> ${sql};`);
      const rows = await rowsOf(url, sql);
      for (const line of table(rows)) console.log(line);
      return rows;
    },
  };
}

/** Resolves to the exit code; the command's output goes where ours goes, so a terminal stays a terminal. */
function run(args: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: PROJECT,
      env,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const end = (): boolean => child.kill('SIGTERM');
    signal.addEventListener('abort', end);
    child.on('error', reject);
    child.on('close', (code) => {
      signal.removeEventListener('abort', end);
      resolve(code);
    });
  });
}

async function rowsOf(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, application_name: 'demo' });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Rows as lines, columns aligned, a heading first; nothing for an answer without rows. */
export function table(rows: readonly Record<string, unknown>[]): readonly string[] {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const padded = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return names.length === 0 ? [] : padded.map((line) => `   ${line.join('  ')}`.trimEnd());
}
