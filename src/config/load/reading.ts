import type { TenantRow } from '../config.js';
import type { Path } from '../text/document.js';
import type { Environment } from '../text/environment.js';
import { fill } from '../text/fill.js';
import type { Names } from '../text/fill.js';

/** What reading the parts of a fleet shares: variables, the order of keys, and where problems go. */
export interface Reading {
  readonly environment: Environment;
  /** What tenants.query answered; null where nobody was asked. */
  readonly tenants: readonly TenantRow[] | null;
  /** The keys of a map in the order of the file. */
  readonly keysOf: (path: Path) => readonly string[];
  readonly lineOf: (path: Path) => number;
  /** Notes a problem; reading goes on with a stand-in that nobody will see. */
  readonly refuse: (path: Path, message: string, at?: 'key' | 'value') => void;
}

/** A text with everything filled in; null when it is missing or could not be filled in (which is then noted). */
export function filled(reading: Reading, path: Path, text: string | undefined, names: Names): string | null {
  if (text === undefined) return null;
  const result = fill(text, names, reading.environment);
  for (const problem of result.problems) reading.refuse(path, problem);
  return result.text;
}

/** Like {@link filled}, and not empty either; null when it is (which is then noted). */
export function filledName(
  reading: Reading,
  path: Path,
  text: string | undefined,
  names: Names,
): string | null {
  const name = filled(reading, path, text, names);
  if (name !== '') return name;
  reading.refuse(path, 'expected a name, got an empty text');
  return null;
}

/**
 * The text, where what it asks for is known; undefined (which is then noted) where it differs by tenant and the tenants of
 * a shard share what it describes: one server, one user mapping, one connection of the runner.
 */
export function ofPlace(
  reading: Reading,
  path: Path,
  text: string | undefined,
  names: Names,
): string | undefined {
  const differs = text !== undefined && names.tenant === undefined && /\{(tenant|schema)\}/.test(text);
  if (!differs) return text;
  reading.refuse(
    path,
    'this may differ by tenant only where each has a database of its own (tenant.database); else by {shard}',
  );
  return undefined;
}

/** A name for messages: as it came out, but as it is written where a variable took part, whose value stays hidden. */
export function shownName(written: string, name: string): string {
  return written.includes('${') ? written : name;
}

/** The longest identifier of PostgreSQL, in bytes: NAMEDATALEN - 1. A longer one would be cut without a word. */
const LONGEST_IDENTIFIER = 63;

/** Notes a name that PostgreSQL would cut or refuse; `what` says whose name it is. */
export function checkIdentifier(reading: Reading, path: Path, what: string, name: string): void {
  const bytes = Buffer.byteLength(name);
  if (bytes > LONGEST_IDENTIFIER) {
    reading.refuse(path, `${what} has ${bytes} bytes; PostgreSQL takes ${LONGEST_IDENTIFIER} at most`);
  }
  if (name.includes('\0')) reading.refuse(path, `${what} holds a zero byte, which PostgreSQL does not take`);
}

/** Notes a schema that belongs to PostgreSQL or to this tool. */
export function checkSchema(reading: Reading, path: Path, what: string, name: string): void {
  checkIdentifier(reading, path, what, name);
  const owner =
    name === 'pgveneer' ? 'pg-veneer' : /^(pg_|information_schema$)/.test(name) ? 'PostgreSQL' : null;
  if (owner !== null) reading.refuse(path, `${what} would be one that belongs to ${owner}`);
}
