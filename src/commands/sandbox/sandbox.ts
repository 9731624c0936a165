import { existsSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from '../../config/text/config-error.js';
import { readEnvironment, type Variables } from '../../config/text/environment.js';
import { EXIT } from '../../errors.js';
import type { SandboxReport, SandboxServer } from '../../report/reports.js';
import { sandboxLogs } from '../../sandbox/sandbox-logs.js';
import { sandboxStart, sandboxStatus, sandboxStop, sandboxUrl } from '../../sandbox/sandbox.js';
import type { CommandContext } from '../common/context.js';

/** What is asked of the sandbox. */
export type SandboxOptions =
  | { readonly action: 'start' | 'stop' | 'status' }
  | { readonly action: 'url'; readonly name: string; readonly as: string | null }
  | { readonly action: 'logs'; readonly name: string; readonly follow: boolean };

/** Where the sandbox is, and where its ports and passwords come from: it needs no shards.yaml. */
export interface SandboxSource {
  /** The folder that holds `.env` and `.pg-veneer`. */
  readonly project: string;
  /** What relative paths of env files are relative to. */
  readonly cwd: string;
  /** The real environment; it wins over env files. */
  readonly env: Variables;
  /** None: `.env` of the project, else its `.env.example`. */
  readonly envFiles: readonly string[];
  /** Gets the lines of `logs`, one by one. */
  readonly onLine: (line: string) => void;
}

/** Starts, stops or shows the sample fleet of a laptop. Throws a VeneerError as the functions of `src/sandbox` do. */
export async function sandbox(
  options: SandboxOptions,
  source: SandboxSource,
  context: CommandContext,
): Promise<SandboxReport> {
  const { project, onLine } = source;
  switch (options.action) {
    case 'start':
      return start(source);
    case 'stop':
      return report('stop', { servers: servers(await sandboxStop(project)) });
    case 'status':
      return status(project);
    case 'url': {
      const { env } = readVariables(source);
      const url = await sandboxUrl(env, project, options.name, options.as ?? undefined);
      return report('url', { url: url.reveal() });
    }
    case 'logs': {
      const { name, follow } = options;
      await sandboxLogs(project, name, { onLine, follow, signal: context.signal });
      return report('logs', {});
    }
  }
}

async function start(source: SandboxSource): Promise<SandboxReport> {
  const { env, notices, isSample } = readVariables(source);
  const started = servers(await sandboxStart(env, source.project));
  const changed = started.some((server) => server.changed);
  // Without .env the other commands have none of these variables.
  const next = isSample ? `cp ${EXAMPLE} .env && migrate setup` : changed ? 'migrate setup' : null;
  return report('start', { servers: started, notices, next });
}

async function status(project: string): Promise<SandboxReport> {
  const found = servers(await sandboxStatus(project));
  const isWhole = found.length > 0 && found.every(({ running }) => running);
  return report('status', { servers: found, next: isWhole ? null : 'migrate sandbox start' });
}

function servers(found: Awaited<ReturnType<typeof sandboxStatus>>): readonly SandboxServer[] {
  return found.map(({ name, state, port, pid, logFile, changed }) => ({
    name,
    port,
    running: state === 'running',
    pid,
    log: logFile,
    changed,
  }));
}

const report = (action: SandboxReport['action'], rest: Partial<SandboxReport>): SandboxReport => ({
  command: 'sandbox',
  fleet: 'sandbox',
  exitCode: EXIT.clean,
  next: null,
  problems: [],
  notices: [],
  action,
  servers: [],
  url: null,
  ...rest,
});

const EXAMPLE = '.env.example';

function readVariables({ project, cwd, env, envFiles }: SandboxSource): {
  readonly env: Variables;
  readonly notices: readonly string[];
  readonly isSample: boolean;
} {
  const example = path.join(project, EXAMPLE);
  const isSample = envFiles.length === 0 && !existsSync(path.join(project, '.env')) && existsSync(example);
  const read = readEnvironment({ folder: project, cwd, envFiles: isSample ? [example] : envFiles, env });
  if (read.problems.length > 0) throw new ConfigError(read.file, read.problems);
  const notice = `its variables are those of ${EXAMPLE}: copy that file to .env, so that the other commands see them too`;
  return { env: Object.fromEntries(read.variables), notices: isSample ? [notice] : [], isSample };
}
