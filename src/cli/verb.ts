import type { HistoryOptions } from '../commands/history.js';
import type { SandboxOptions } from '../commands/sandbox.js';
import type { StopOptions } from '../commands/stop.js';
import { DURATION, readDuration } from '../config/duration.js';
import type { PlanLimit } from '../migrations/plan.js';
import type { ProtocolChoice } from '../protocol/journal.js';
import type { Flags } from './flags.js';
import type { Invocation } from './invocation.js';
import type { RecoverOptions } from '../commands/recover.js';
import { readMigrationVerb, type MigrationVerb } from './migration-verbs.js';
import { usageError } from './usage-error.js';

/** A command with its options as the function behind it takes them. */
export type Verb =
  | MigrationVerb
  | { readonly command: 'setup'; readonly options: { readonly dryRun: boolean } }
  | { readonly command: 'up'; readonly options: UpOptions }
  | { readonly command: 'status'; readonly options: Selected & { readonly verify: boolean } }
  | { readonly command: 'sync'; readonly options: SyncOptions }
  | { readonly command: 'recover'; readonly options: RecoverOptions }
  | { readonly command: 'stop'; readonly options: StopOptions }
  | { readonly command: 'history'; readonly options: HistoryOptions }
  | { readonly command: 'sandbox'; readonly options: SandboxOptions };

/** Globs; none means all. */
interface Selected {
  readonly shards: string[];
  readonly tenants: string[];
}

interface UpOptions extends Selected {
  readonly limit: PlanLimit;
  readonly dryRun: boolean;
  readonly canary: boolean;
  readonly atomic: 'fleet' | null;
  readonly protocol: ProtocolChoice;
  readonly terminateBlockersMs: number | null;
  readonly offline: boolean;
}

interface SyncOptions extends Selected {
  readonly dryRun: boolean;
  readonly prune: boolean;
}

/** Reads the options of a command. Throws (exit 64) for those that do not go together. */
export function readVerb({ command, words, flags }: Invocation): Verb {
  const [word = ''] = words;
  const dryRun = flags.isSet('dry-run');
  switch (command.name) {
    case 'create':
    case 'plan':
    case 'baseline':
    case 'ledger accept':
    case 'ledger export':
      return readMigrationVerb(command.name, word, flags);
    case 'setup':
      return { command: 'setup', options: { dryRun } };
    case 'up': {
      const limit = readLimit(words[0], flags.one('to'));
      const canary = flags.isSet('canary');
      const protocol = readProtocol(flags.one('protocol'));
      const terminateBlockersMs = readMilliseconds('terminate-blockers', flags, 'up');
      return {
        command: 'up',
        options: {
          ...selected(flags),
          limit,
          dryRun,
          canary,
          atomic: readAtomic(flags.one('atomic')),
          protocol,
          terminateBlockersMs,
          offline: flags.isSet('offline'),
        },
      };
    }
    case 'status':
      return { command: 'status', options: { ...selected(flags), verify: flags.isSet('verify') } };
    case 'sync':
      return { command: 'sync', options: { ...selected(flags), dryRun, prune: flags.isSet('prune') } };
    case 'recover':
      return {
        command: 'recover',
        options: { dryRun, watch: flags.isSet('watch'), forget: [...flags.list('forget')] },
      };
    case 'stop':
      return {
        command: 'stop',
        options: { timeoutMs: readMilliseconds('timeout', flags, 'stop') ?? 60_000 },
      };
    case 'history':
      return { command: 'history', options: { show: null, limit: readCount(flags.one('limit') ?? '20') } };
    case 'history show':
      return { command: 'history', options: { show: word } };
    case 'sandbox start':
    case 'sandbox stop':
    case 'sandbox status':
      return { command: 'sandbox', options: { action: SIMPLE[command.name] } };
    case 'sandbox url':
      return { command: 'sandbox', options: { action: 'url', name: word, as: flags.one('as') } };
    case 'sandbox logs':
      return { command: 'sandbox', options: readLogs(word, flags) };
  }
}

function readAtomic(group: string | null): 'fleet' | null {
  if (group === null || group === 'fleet') return group;
  throw usageError(`--atomic takes fleet, not ${group}`, 'migrate up --help');
}

function readProtocol(name: string | null): ProtocolChoice {
  if (name === null) return 'auto';
  if (name === 'two-phase' || name === 'lock-step') return name;
  throw usageError(`--protocol takes two-phase or lock-step, not ${name}`, 'migrate up --help');
}

function readMilliseconds(flag: string, flags: Flags, command: string): number | null {
  const text = flags.one(flag);
  const ms = text === null ? null : readDuration(text);
  if (text !== null && ms === null)
    throw usageError(`--${flag} takes ${DURATION}, not ${text}`, `migrate ${command} --help`);
  return ms;
}

function readCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw usageError(`--limit is a number of runs, 1 or more, not ${text}`, 'migrate history --help');
}

const SIMPLE = { 'sandbox start': 'start', 'sandbox stop': 'stop', 'sandbox status': 'status' } as const;

const selected = (flags: Flags): Selected => ({
  shards: [...flags.list('shard')],
  tenants: [...flags.list('tenant')],
});

function readLogs(name: string, flags: Flags): SandboxOptions {
  if (flags.isSet('json'))
    throw usageError('migrate sandbox logs prints lines as they come; it has no --json', 'leave --json out');
  return { action: 'logs', name, follow: flags.isSet('follow') };
}

function readLimit(count: string | undefined, name: string | null): PlanLimit {
  const help = 'migrate up --help';
  if (count !== undefined && name !== null)
    throw usageError('N and --to both say how far to go', 'leave one of them out');
  if (name !== null) return { kind: 'to', name };
  if (count === undefined) return { kind: 'all' };
  if (!/^[1-9]\d{0,8}$/.test(count))
    throw usageError(`N is a number of migrations, 1 or more, not ${JSON.stringify(count)}`, help);
  return { kind: 'count', count: Number(count) };
}
