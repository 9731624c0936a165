import type { FlagSpec } from '../specs/command-spec.js';
import { usageError } from './usage-error.js';

/** The flags of a command line, checked; what was not given is false, null or empty. */
export interface Flags {
  readonly isSet: (name: string) => boolean;
  readonly one: (name: string) => string | null;
  readonly list: (name: string) => readonly string[];
}

/** Checks what was given against what is known. Throws (exit 64) for a value that is missing or given twice. */
export function readFlags(
  given: ReadonlyMap<string, unknown>,
  known: readonly FlagSpec[],
  hint: string,
): Flags {
  const values = new Map(
    known
      .filter(({ name }) => given.has(name))
      .map((flag) => [flag.name, valuesOf(flag, given.get(flag.name), hint)]),
  );
  return {
    isSet: (name) => values.get(name)?.[0] === 'true',
    one: (name) => values.get(name)?.[0] ?? null,
    list: (name) => values.get(name) ?? [],
  };
}

function valuesOf(flag: FlagSpec, given: unknown, hint: string): readonly string[] {
  const values = [given].flat().map(String);
  if (values.length === 0 || values.includes(''))
    throw usageError(`--${flag.name} needs a ${flag.value ?? 'value'}`, hint);
  if (flag.type === 'string' && values.length > 1)
    throw usageError(`--${flag.name} is given ${values.length} times, but takes one ${flag.value}`, hint);
  return values;
}
