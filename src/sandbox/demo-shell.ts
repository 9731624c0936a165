import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import pg from 'pg';

/** What the demo does, each thing printed before it is done. Every method throws when the demo was interrupted. */
export interface DemoShell {
  /** A line that teaches. */
  readonly say: (text: string) => void;
  /** Runs the real command on the real fleet. Throws when its exit code is another one. */
  readonly migrate: (args: readonly string[], expected: number) => Promise<void>;
  /** Runs a statement and prints what it answers; the answer's rows. */
  readonly query: (who: Connection, sql: string) => Promise<readonly Record<string, unknown>[]>;
  /** Runs a statement that the server must refuse, and prints its words. Throws when it is not refused. */
  readonly refused: (who: Connection, sql: string) => Promise<string>;
  /** Writes a file of the project. */
  readonly writeFile: (file: string, text: string) => Promise<void>;
}

/** Where commands run, and which. */
export interface DemoSurroundings {
  /** The folder of shards.yaml. */
  readonly project: string;
  /** The built command: cli.js. */
  readonly cli: string;
  /** Variables over those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  /** Gets all that is printed, the commands' output too; left out: standard output, so that a terminal stays one. */
  readonly write?: (text: string) => void;
}

/** Where a statement runs, and the prompt that says so. */
export interface Connection {
  readonly prompt: string;
  readonly url: string;
}

/** A shell for one project. Statements and commands run one after the other, on connections of their own. */
export function demoShell({ project, cli, env = {}, signal, write }: DemoSurroundings): DemoShell {
  const print = (line: string): void => (write ?? toStdout)(`${line}\n`);
  return {
    say: (text) => print(`\n# ${text}`),
    async migrate(args, expected) {
      signal.throwIfAborted();
      print(`$ migrate ${args.join(' ')}`);
      const place = { cwd: project, env: { ...process.env, ...env } };
      const code = await run([cli, ...args], place, signal, write);
      signal.throwIfAborted();
      print(`(exit code ${code})`);
      if (code !== expected)
        throw new Error(`migrate ${args.join(' ')}: exit code ${code}, expected ${expected}`);
    },
    async query({ prompt, url }, sql) {
      signal.throwIfAborted();
      print(`${prompt}=> ${sql};`);
      const rows = await rowsOf(url, sql);
      for (const line of table(rows)) print(line);
      return rows;
    },
    async refused({ prompt, url }, sql) {
      signal.throwIfAborted();
      print(`${prompt}=> ${sql};`);
      const message = await rowsOf(url, sql).then(() => null, messageOf);
      if (message === null) throw new Error(`expected the server to refuse: ${sql}`);
      print(`   ERROR:  ${message}`);
      return message;
    },
    async writeFile(file, text) {
      signal.throwIfAborted();
      print([`$ cat > ${file}`, ...text.trimEnd().split('\n')].join('\n   '));
      await mkdir(dirname(join(project, file)), { recursive: true });
      await writeFile(join(project, file), text);
    },
  };
}

const toStdout = (text: string): void => void process.stdout.write(text);

/** Resolves to the exit code; the command's output goes where ours goes. */
function run(
  args: readonly string[],
  place: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
  signal: AbortSignal,
  write: DemoSurroundings['write'],
): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const output = write === undefined ? 'inherit' : 'pipe';
    const child = spawn(process.execPath, [...args], { ...place, stdio: ['ignore', output, output] });
    for (const stream of [child.stdout, child.stderr])
      stream?.setEncoding('utf8').on('data', (text: string) => write?.(text));
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
  const client = new pg.Client({ connectionString: url, application_name: 'demo', types: AS_TEXT });
  await client.connect();
  try {
    // Of several statements the answer is a list, which the types of pg do not know.
    const answer: unknown = await client.query(sql);
    const last = (Array.isArray(answer) ? answer.at(-1) : answer) as pg.QueryResult<Record<string, unknown>>;
    return last.rows;
  } finally {
    await client.end();
  }
}

/** Dates as the server writes them, in no time zone of ours. */
const AS_TEXT: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) =>
    oid === pg.types.builtins.DATE ? (text: string) => text : pg.types.getTypeParser(oid, format ?? 'text'),
};

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function shown(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Rows as lines, columns aligned, a heading first; nothing for an answer without rows. */
function table(rows: readonly Record<string, unknown>[]): readonly string[] {
  const names = Object.keys(rows[0] ?? {});
  const cells = [names, ...rows.map((row) => names.map((name) => shown(row[name])))];
  const widths = names.map((_, column) => Math.max(...cells.map((line) => (line[column] ?? '').length)));
  const padded = cells.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return names.length === 0 ? [] : padded.map((line) => `   ${line.join('  ')}`.trimEnd());
}

/** A claim of the story; throws where it is not so. */
export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`expected ${what}`);
}
