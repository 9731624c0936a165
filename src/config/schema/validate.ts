import type * as z from 'zod';
import type { Finding, Path } from '../text/document.js';
import { knownKeys } from './known-keys.js';
import { didYouMean } from '../text/nearest.js';
import { shownKey } from '../text/path-text.js';
import { fleetSchema } from './schema.js';
import type { FleetFile } from './schema.js';
import { hasKeys, valueAt, without } from '../text/tree.js';

/** What is left of a value when every part that did not fit its schema is taken out. */
export type Loose<T> = T extends readonly (infer E)[]
  ? readonly (Loose<E> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Loose<T[K]> | undefined }
    : T;

/** shards.yaml without its misfits, so that the rest can be checked in the same run; null when nothing is left. */
export interface Validated {
  readonly fleet: Loose<FleetFile> | null;
  readonly findings: readonly Finding[];
}

/** Checks a parsed document against the schema; says what was expected and what kind of value is there. */
export function validate(value: unknown): Validated {
  const result = fleetSchema.safeParse(value);
  if (result.success) return { fleet: result.data, findings: [] };
  const { issues } = result.error;
  const rest = issues.reduce(withoutIssue, value);
  return {
    fleet: isLoose(rest) ? rest : null,
    findings: issues.flatMap((issue) => findingsOf(issue, value)),
  };
}

/** Every part that does not fit was taken out, so what is left fits. */
function isLoose(rest: unknown): rest is Loose<FleetFile> {
  return hasKeys(rest);
}

function withoutIssue(value: unknown, issue: z.core.$ZodIssue): unknown {
  return issue.code === 'unrecognized_keys' ? value : without(value, pathOf(issue));
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const path = pathOf(issue);
  if (issue.code !== 'unrecognized_keys') {
    return [{ path, message: `expected ${issue.message}, ${gotten(path, root, issue)}` }];
  }
  const known = knownKeys(path);
  return issue.keys.map((key) => ({
    path: [...path, key],
    message: unknownKey(key, known),
    at: 'key' as const,
  }));
}

/** The sentence for a key that nobody knows, with the nearest known one. */
function unknownKey(key: string, known: readonly string[]): string {
  const hint = didYouMean(key, known);
  return `unknown key ${shownKey(key)}${hint === '' ? `; known here: ${known.join(', ')}` : hint}`;
}

function gotten(path: Path, root: unknown, issue: z.core.$ZodIssue): string {
  const value = valueAt(root, path);
  if (value === undefined) return 'but it is missing';
  const kind = kindOf(value);
  return `got ${isRightKind(issue, kind) ? (OTHER[kind] ?? kind) : kind}`;
}

function isRightKind(issue: z.core.$ZodIssue, kind: string): boolean {
  if (issue.code === 'invalid_type') return issue.expected === 'int' && kind === 'a number';
  if (issue.code === 'invalid_union') return kind === 'a text' || kind === 'a number';
  return issue.code !== 'invalid_value' || kind === 'a text';
}

/** For a value of the right kind that does not fit: its text is not quoted, it may be a secret. */
const OTHER: Readonly<Record<string, string>> = {
  'a text': 'another text',
  'a number': 'another number',
  'a list': 'an empty list',
};

function kindOf(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  const kinds: Record<string, string> = {
    string: 'a text',
    number: 'a number',
    bigint: 'a number',
    boolean: 'true or false',
  };
  return kinds[typeof value] ?? 'a map';
}

function pathOf(issue: z.core.$ZodIssue): Path {
  return issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key));
}
