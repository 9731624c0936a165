import type { HistoryOptions } from '../../commands/history/history.js';
import type { SandboxOptions } from '../../commands/sandbox/sandbox.js';
import type { TenantOptions } from '../../commands/tenant/tenant.js';
import type { WhyOptions } from '../../commands/why/why.js';
import type { StopOptions } from '../../commands/history/stop.js';
import { GRADES, type DriftGrade } from '../../report/drift/drift.js';
import type { Flags } from '../words/flags.js';
import type { Invocation } from '../words/invocation.js';
import type { RecoverOptions } from '../../commands/repair/recover.js';
import { readFirstVerb, type FirstVerb } from './first-verbs.js';
import { readLintVerb, type LintVerb } from './lint-verb.js';
import { readMigrationVerb, type MigrationVerb } from './migration-verbs.js';
import { readMilliseconds } from '../words/read-milliseconds.js';
import { readRehearseVerb, type RehearseVerb } from './rehearse-verb.js';
import { readRollVerb, type RollVerb } from './roll-verbs.js';
import { usageError } from '../words/usage-error.js';

/** A command with its options as the function behind it takes them. */
export type Verb =
  | MigrationVerb
  | LintVerb
  | FirstVerb
  | { readonly command: 'setup'; readonly options: { readonly dryRun: boolean } }
  | RollVerb
  | RehearseVerb
  | { readonly command: 'status'; readonly options: StatusOptions }
  | { readonly command: 'why'; readonly options: WhyOptions }
  | { readonly command: 'sync'; readonly options: SyncOptions }
  | { readonly command: 'recover'; readonly options: RecoverOptions }
  | { readonly command: 'stop'; readonly options: StopOptions }
  | { readonly command: 'history'; readonly options: HistoryOptions }
  | { readonly command: 'tenant'; readonly options: TenantOptions }
  | { readonly command: 'sandbox'; readonly options: SandboxOptions };

/** Globs; none means all. */
interface Selected {
  readonly shards: string[];
  readonly tenants: string[];
}

interface StatusOptions extends Selected {
  readonly verify: boolean;
  readonly failOn: DriftGrade;
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
    case 'lint':
      return readLintVerb(words, flags);
    case 'init':
    case 'doctor':
      return readFirstVerb(command.name, word, flags);
    case 'setup':
      return { command: 'setup', options: { dryRun } };
    case 'up':
    case 'down':
    case 'redo':
      return readRollVerb(command.name, words[0], flags);
    case 'rehearse':
      return readRehearseVerb(words[0], flags);
    case 'status':
      return { command: 'status', options: readStatus(flags) };
    case 'why':
      return { command: 'why', options: { name: word } };
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
    case 'tenant list':
    case 'tenant add':
    case 'tenant drop':
      return { command: 'tenant', options: readTenant(command.name, words, flags) };
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

const readStatus = (flags: Flags): StatusOptions => ({
  ...selected(flags),
  verify: flags.isSet('verify'),
  failOn: readGrade(flags.one('fail-on')),
});

/** Its words may be joined by hyphens, for shells. */
function readGrade(text: string | null): DriftGrade {
  if (text === null) return 'cosmetic';
  const grade = GRADES.find((one) => one === text.replaceAll('-', ' '));
  if (grade !== undefined) return grade;
  const known = GRADES.map((one) => one.replaceAll(' ', '-')).join(', ');
  throw usageError(`--fail-on takes a grade of drift: ${known}`, 'migrate status --help');
}

function readTenant(
  command: 'tenant list' | 'tenant add' | 'tenant drop',
  names: readonly string[],
  flags: Flags,
): TenantOptions {
  if (command === 'tenant list') return { action: 'list' };
  const common = { shard: flags.one('shard'), dryRun: flags.isSet('dry-run') };
  if (command === 'tenant add') return { action: 'add', names, like: flags.one('like'), ...common };
  return { action: 'drop', name: names[0] ?? '', yes: flags.isSet('yes'), ...common };
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
  return { action: 'logs', name, follow: flags.isSet('follow') };
}
