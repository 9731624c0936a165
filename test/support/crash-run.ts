import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RecoverOptions } from '../../src/commands/repair/recover.js';
import type { UpOptions } from '../../src/commands/migrate/up.js';
import type { ProtocolChoice } from '../../src/protocol/run/journal.js';
import type { RecoverReport } from '../../src/report/reports.js';
import type { UpReport } from '../../src/report/up.js';

export interface RunPlan {
  readonly command: 'up' | 'recover';
  /** For `up`. Default: auto. */
  readonly protocol?: ProtocolChoice;
  /** Where the process ends by SIGKILL, as if the machine had: `before intent#2` is the second time that it comes there. */
  readonly dieAt?: string;
  /** Where it waits for `go`. */
  readonly waitAt?: readonly string[];
}

/** How a process ended; without a report where it was killed. */
export interface RunResult {
  readonly signal: NodeJS.Signals | null;
  readonly report: UpReport | RecoverReport | null;
  readonly stderr: string;
}

/** A command that runs in a process of its own. */
export interface ChildRun {
  readonly child: ChildProcess;
  /** Resolves when it waits at that point; fails when it ends without coming there. */
  reached: (point: string) => Promise<void>;
  /** Lets it go on from a point; resolves when the statement that follows has been sent, answered or not. */
  go: (point: string) => Promise<void>;
  readonly result: Promise<RunResult>;
}

const CHILD = fileURLToPath(new URL('./crash-child.js', import.meta.url));

const OPTIONS: { readonly up: UpOptions; readonly recover: RecoverOptions } = {
  up: { shards: [], tenants: [], limit: { kind: 'all' }, dryRun: false, canary: false },
  recover: { dryRun: false, watch: false, forget: [] },
};

/** Starts a command as built (`npm run build`) on the project in `dir`. */
export function startRun(dir: string, { command, protocol = 'auto', dieAt, waitAt = [] }: RunPlan): ChildRun {
  const plan = { command, options: { ...OPTIONS[command], protocol }, dieAt, waitAt };
  const child = spawn(process.execPath, [CHILD, JSON.stringify(plan)], {
    cwd: dir,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text) => (said.stdout += text));
  child.stderr?.on('data', (text) => (said.stderr += text));
  const heard = new Set<string>();
  child.on('message', (point: string) => heard.add(point));
  const result = new Promise<RunResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (_, signal) => {
      const report = said.stdout === '' ? null : (JSON.parse(said.stdout) as UpReport);
      resolve({ signal, report, stderr: said.stderr });
    });
  });
  const hear = (message: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => (heard.has(message) ? resolve() : undefined);
      child.on('message', look);
      child.on('close', () => reject(new Error(`ended before ${message}: ${said.stdout}${said.stderr}`)));
      look();
    });
  return {
    child,
    result,
    reached: hear,
    async go(point) {
      child.send(point);
      await hear(`left ${point}`);
    },
  };
}
