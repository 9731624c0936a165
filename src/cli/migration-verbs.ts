import type { CreateOptions } from '../commands/create.js';
import type { NewLanguage, NewScope } from '../migrations/templates.js';
import type { Flags } from './flags.js';
import { usageError } from './usage-error.js';

const LANGUAGES: readonly NewLanguage[] = ['sql', 'ts', 'js'];

/** The options of `migrate create`. Throws (exit 64) for two languages and for a scope that there is not. */
export function readCreate(name: string, flags: Flags): CreateOptions {
  const [language = 'sql', second] = LANGUAGES.filter((one) => flags.isSet(one));
  if (second !== undefined)
    throw usageError(`--${language} and --${second} are two languages`, 'leave one of them out');
  return { name, language, scope: readScope(flags.one('scope') ?? 'tenant') };
}

function readScope(scope: string): NewScope {
  if (scope === 'tenant' || scope === 'shard' || scope === 'veneer') return scope;
  throw usageError(`--scope takes tenant, shard or veneer, not ${scope}`, 'migrate create --help');
}
