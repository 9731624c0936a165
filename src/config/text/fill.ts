import type { Environment } from './environment.js';
import { didYouMean } from './nearest.js';
import { parseTemplate } from './template.js';
import type { Part } from './template.js';

/** What may be filled in. */
export type PlaceholderName = 'tenant' | 'shard' | 'schema' | 'table';

/** The placeholders known at a place, with what they stand for. */
export type Names = Readonly<Partial<Record<PlaceholderName, string>>>;

/** The text with everything filled in (null when that failed) and what was wrong, without any value. */
export interface Filled {
  readonly text: string | null;
  readonly problems: readonly string[];
}

/**
 * Fills in `{placeholders}` and then `${NAME}` / `${NAME:-default}`. In a variable's name what is filled in is
 * upper-cased, anything but letters and digits becoming `_`; in a default it stays as it is. As in a shell, a
 * default also stands in for an empty variable; without one an empty variable is a problem, because that is what
 * a pipeline hands over for a secret that it lacks.
 */
export function fill(text: string, names: Names, environment: Environment): Filled {
  const template = parseTemplate(text);
  if (!template.ok) return { text: null, problems: [template.why] };
  return join(template.parts.map((part) => fillPart(part, names, environment)));
}

/** Fills in one part of a text. */
export function fillPart(part: Part, names: Names, environment: Environment): Filled {
  if (part.kind === 'text') return { text: part.text, problems: [] };
  if (part.kind === 'placeholder') return placeholder(part.name, names);
  const name = join(part.name.map((piece) => namePart(piece, names)));
  if (name.text === null) return name;
  if (!/^[A-Za-z0-9_]+$/.test(name.text))
    return failed(`expected the name of a variable inside "\${}" ${ESCAPE}`);
  const value = environment.variables.get(name.text);
  if (value !== undefined && value !== '') return { text: value, problems: [] };
  if (part.fallback !== null) return join(part.fallback.map((piece) => fillPart(piece, names, environment)));
  return failed(missing(name.text, value, environment));
}

const ESCAPE = '(a literal "${" is written "$${")';

function missing(name: string, value: string | undefined, { variables, file }: Environment): string {
  const state = value === undefined ? 'is not set' : 'is set but empty';
  const close = value === undefined ? didYouMean(name, [...variables.keys()]) : '';
  return `the variable ${name} ${state}${close} (put ${name}=... in ${file} or in the environment)`;
}

function placeholder(name: string, names: Names): Filled {
  const value = new Map(Object.entries(names)).get(name);
  return value === undefined
    ? failed(unknownPlaceholder(name, Object.keys(names)))
    : { text: value, problems: [] };
}

/** The sentence for a `{placeholder}` that means nothing at its place. */
export function unknownPlaceholder(name: string, known: readonly string[]): string {
  const list =
    known.length === 0
      ? 'there is none to fill in here'
      : `known here: ${known.map((one) => `{${one}}`).join(' ')}`;
  return `unknown placeholder {${name}}${didYouMean(name, known)} (${list})`;
}

function namePart(part: Part, names: Names): Filled {
  if (part.kind === 'variable') return failed(`a "\${" inside the name of a variable ${ESCAPE}`);
  if (part.kind === 'text') return { text: part.text, problems: [] };
  const filled = placeholder(part.name, names);
  return { ...filled, text: filled.text?.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_') ?? null };
}

function join(pieces: readonly Filled[]): Filled {
  const failures = pieces.flatMap((piece) => piece.problems);
  return {
    text: failures.length > 0 ? null : pieces.map((piece) => piece.text).join(''),
    problems: failures,
  };
}

function failed(problem: string): Filled {
  return { text: null, problems: [problem] };
}
