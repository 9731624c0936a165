import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, Pair } from 'yaml';
import { syntaxMessage } from './syntax-message.js';

/** Where a value stands in the document: keys and indexes from the root. */
export type Path = readonly (string | number)[];

/** A place in a text: line and column, both 1-based. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** Something found at a place of the document; `at` chooses the key of a pair instead of its value. */
export interface Finding {
  readonly path: Path;
  readonly message: string;
  readonly at?: 'key' | 'value';
}

/** A syntax error of the text. */
export interface SyntaxFinding {
  readonly place: Place;
  readonly message: string;
}

/** A YAML text with the places of its parts. `value` is null while `errors` is not empty. */
export interface YamlDocument {
  readonly value: unknown;
  readonly errors: readonly SyntaxFinding[];
  /** The place of a value, or of its key; where it does not exist, that of the closest part above which does. */
  readonly placeOf: (path: Path, at?: 'key' | 'value') => Place;
  /** The keys of a map in the order of the text, which a JavaScript object does not keep for numbers. */
  readonly keysOf: (path: Path) => readonly string[];
}

/** Parses a YAML text, keeping the places; all syntax errors are reported, none quotes the text. */
export function readDocument(text: string): YamlDocument {
  const lines = new LineCounter();
  const doc = parseDocument(text, { lineCounter: lines, prettyErrors: false, logLevel: 'error' });
  const placeAt = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  const parsed = [...doc.errors, ...doc.warnings].map((error) => ({
    place: placeAt(error.pos[0]),
    message: syntaxMessage(error.code, error.message),
  }));
  const errors = [...parsed, ...unknownAliases(doc, placeAt)];
  const { value, failure } = errors.length > 0 ? { value: null, failure: null } : valueOf(doc);
  return {
    value,
    errors: failure === null ? errors : [{ place: placeAt(0), message: failure }],
    placeOf: (path, at = 'value') => placeAt(offsetOf(doc, path, at)),
    keysOf: (path) => keysOf(doc, path),
  };
}

function unknownAliases(doc: Document, placeAt: (offset: number) => Place): readonly SyntaxFinding[] {
  const found: SyntaxFinding[] = [];
  visit(doc, {
    Alias(_, alias) {
      if (alias.resolve(doc) !== undefined) return;
      found.push({
        place: placeAt(alias.range?.[0] ?? 0),
        message: 'an alias (*name) without its anchor (&name)',
      });
    },
  });
  return found;
}

/** toJS refuses aliases that multiply without end; its message names no value. */
function valueOf(doc: Document): { value: unknown; failure: string | null } {
  try {
    return { value: doc.toJS(), failure: null };
  } catch (error) {
    return {
      value: null,
      failure: error instanceof ReferenceError ? error.message : 'cannot be read as YAML',
    };
  }
}

/** The root begins where its first part does; what does not exist stands at the key of the part above it. */
function offsetOf(doc: Document, path: Path, at: 'key' | 'value'): number {
  let key = startOf(doc.contents) ?? 0;
  let value: number | null = key;
  let node: unknown = doc.contents;
  for (const part of path) {
    const next = childOf(doc, node, part);
    if (next === null) return key;
    value = isWritten(next.value) ? startOf(next.value) : null;
    key = startOf(next.key) ?? value ?? key;
    node = next.value;
  }
  return at === 'key' ? key : (value ?? key);
}

/** `key:` with nothing behind it has a value without any text. */
function isWritten(node: unknown): boolean {
  return !isScalar(node) || node.range?.[0] !== node.range?.[1];
}

function childOf(
  doc: Document,
  node: unknown,
  key: string | number,
): { key: unknown; value: unknown } | null {
  const target = isAlias(node) ? node.resolve(doc) : node;
  if (isSeq(target)) return typeof key === 'number' ? { key: null, value: target.items[key] } : null;
  if (!isMap(target)) return null;
  return target.items.find((pair) => keyText(pair) === String(key)) ?? null;
}

function keysOf(doc: Document, path: Path): readonly string[] {
  const node = path.reduce<unknown>((at, key) => childOf(doc, at, key)?.value, doc.contents);
  const target = isAlias(node) ? node.resolve(doc) : node;
  return isMap(target) ? target.items.map(keyText) : [];
}

function keyText(pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.value : null;
  if (typeof key === 'string') return key;
  return key === null ? '' : JSON.stringify(key);
}

function startOf(node: unknown): number | null {
  return isNode(node) ? (node.range?.[0] ?? null) : null;
}
