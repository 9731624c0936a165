import type { Finding, Path } from './document.js';
import type { FleetFile } from './schema.js';
import { hasKeys } from './tree.js';
import type { Loose } from './validate.js';

/** A part of shards.yaml that the schema knows and nothing executes yet. */
interface Refusal {
  /** Where it stands; `*` is any key or index. A key that is not written is `undefined`. */
  readonly at: Path;
  /** Whether the value there asks for it; left out: whenever it is written. */
  readonly when?: (value: unknown, fleet: Loose<FleetFile>, path: Path) => boolean;
  readonly says: string;
  readonly place?: 'key' | 'value';
}

/** What is not built yet, a sentence each. Who builds one deletes its line. */
export const UNBUILT: readonly Refusal[] = [
  { at: ['expose', '*', 'union'], says: 'a union view over all tenants is not built yet' },
];

/** Everything in the file that asks for something not built yet. */
export function findUnbuilt(fleet: Loose<FleetFile>): readonly Finding[] {
  return UNBUILT.flatMap(({ at, when = isWritten, says, place = 'value' }) =>
    matches(fleet, at)
      .filter(({ value, path }) => (at.length === 1 || value !== undefined) && when(value, fleet, path))
      .map(({ path }) => ({ path, message: says, at: place })),
  );
}

/** The values at a pattern of a path. */
function matches(value: unknown, pattern: Path, path: Path = []): { value: unknown; path: Path }[] {
  const [key, ...rest] = pattern;
  if (key === undefined) return [{ value, path }];
  if (!hasKeys(value)) return [];
  if (key !== '*') return matches(value[key], rest, [...path, key]);
  const keys = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  return keys.flatMap((one) => matches(value[one], rest, [...path, one]));
}

function isWritten(value: unknown): boolean {
  return value !== undefined && value !== null;
}
