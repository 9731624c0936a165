import type { BaselineOptions } from '../../commands/ledger/baseline.js';
import type { CreateOptions } from '../../commands/create/create.js';
import type { LedgerOptions } from '../../commands/ledger/ledger.js';
import type { PlanOptions } from '../../commands/plan/plan.js';
import type { NewLanguage, NewScope } from '../../migrations/files/templates.js';
import { shellWord } from '../../shell-word.js';
import type { Flags } from '../words/flags.js';
import { usageError } from '../words/usage-error.js';

/** A command about migrations with its options. */
export type MigrationVerb =
  | { readonly command: 'create'; readonly options: CreateOptions }
  | { readonly command: 'plan'; readonly options: PlanOptions }
  | { readonly command: 'baseline'; readonly options: BaselineOptions }
  | { readonly command: 'ledger'; readonly options: LedgerOptions };

/** Reads the options of these commands. Throws (exit 64) for those that do not go together. */
export function readMigrationVerb(
  command: 'create' | 'plan' | 'baseline' | 'ledger accept' | 'ledger export',
  word: string,
  flags: Flags,
): MigrationVerb {
  const selection = { shards: [...flags.list('shard')], tenants: [...flags.list('tenant')] };
  switch (command) {
    case 'create':
      return { command, options: readCreate(word, flags) };
    case 'plan':
      return { command, options: { ...selection, ...readPlan(flags) } };
    case 'baseline':
      return {
        command,
        options: { ...selection, exceptTenants: [...flags.list('except-tenant')], ...readBaseline(flags) },
      };
    case 'ledger accept':
    case 'ledger export':
      return { command: 'ledger', options: { ...selection, ...readLedger(command, word, flags) } };
  }
}

const LANGUAGES: readonly NewLanguage[] = ['sql', 'ts', 'js'];

/** The options of `migrate create`. Throws (exit 64) for two languages and for a scope that there is not. */
function readCreate(name: string, flags: Flags): CreateOptions {
  const [language = 'sql', second] = LANGUAGES.filter((one) => flags.isSet(one));
  if (second !== undefined)
    throw usageError(`--${language} and --${second} are two languages`, 'leave one of them out');
  return { name, language, scope: readScope(flags.one('scope') ?? 'tenant') };
}

function readScope(scope: string): NewScope {
  if (scope === 'tenant' || scope === 'shard' || scope === 'veneer') return scope;
  throw usageError(`--scope takes tenant, shard or veneer, not ${scope}`, 'migrate create --help');
}

/** The options of `migrate baseline` but for the selection. Throws (exit 64) for a table and a name at once. */
function readBaseline(flags: Flags): Pick<BaselineOptions, 'source' | 'yes' | 'typed'> {
  const [from, table, to] = [flags.one('from'), flags.one('table'), flags.one('to')];
  if (to !== null && (from !== null || table !== null))
    throw usageError('--to asks no table, --from and --table do', 'leave --to, or the others, out');
  return {
    source: to === null ? { kind: readTool(from), table } : { kind: 'to', name: to },
    yes: flags.isSet('yes'),
    typed: typed(['migrate baseline'], flags),
  };
}

function readTool(from: string | null): 'pgmigrations' | 'flyway' {
  if (from === null || from === 'pgmigrations') return 'pgmigrations';
  if (from === 'flyway') return 'flyway';
  throw usageError(`--from takes pgmigrations or flyway, not ${from}`, 'migrate baseline --help');
}

/** The options of `migrate plan` but for the selection. */
const readPlan = (flags: Flags): Pick<PlanOptions, 'exitCode' | 'sqlFiles'> => ({
  exitCode: flags.isSet('exit-code') ? 'pending' : 'done',
  sqlFiles: flags.one('sql-files'),
});

/** The options of `migrate ledger …` but for the selection. */
function readLedger(
  command: 'ledger accept' | 'ledger export',
  name: string,
  flags: Flags,
): Pick<LedgerOptions, 'action' | 'yes' | 'typed'> {
  const yes = flags.isSet('yes');
  return command === 'ledger accept'
    ? {
        action: { kind: 'accept', migration: name },
        yes,
        typed: typed([`migrate ${command}`, shellWord(name)], flags),
      }
    : {
        action: { kind: 'export', table: flags.one('table') },
        yes,
        typed: typed([`migrate ${command}`], flags),
      };
}

/** The command with what was given, to be typed again. */
function typed(command: readonly string[], flags: Flags): string {
  const words = ['from', 'table', 'to', 'shard', 'tenant', 'except-tenant'].flatMap((name) =>
    flags.list(name).flatMap((value) => [`--${name}`, shellWord(value)]),
  );
  return [...command, ...words].join(' ');
}
