import type { QualifiedName } from '../../postgres/identifiers.js';

/** What stands for the `{words}` of a pattern. */
export type Words = Readonly<Record<string, string>>;

/** The words that are known everywhere; any other `{word}` of a `from` is its author's own. */
const KNOWN: readonly string[] = ['tenant', 'shard', 'schema', 'table'];

/** Patterns taken apart, of which shards.yaml has a few: they are asked for again for each table of a fleet. */
const taken = new Map<string, readonly string[]>();

/** Text and words in turn, beginning and ending with text. */
function partsOf(pattern: string): readonly string[] {
  const known = taken.get(pattern);
  if (known !== undefined) return known;
  const parts = pattern.split(/\{(\w+)\}/);
  taken.set(pattern, parts);
  return parts;
}

const isWord = (index: number): boolean => index % 2 === 1;

/** Fills in the words that are known, once: what is filled in is not looked at again. Leaves the others. */
export const fillWords = (text: string, words: Words): string =>
  partsOf(text)
    .map((part, index) => {
      if (!isWord(index)) return part;
      return (Object.hasOwn(words, part) ? words[part] : undefined) ?? `{${part}}`;
    })
    .join('');

/**
 * Does a name match a glob (`*` any text, `?` one character) with words? What stands for a word is itself, also where it
 * holds a `*`; a glob with a word that is not known here matches nothing.
 */
export function matchesFilled(name: string, glob: string, words: Words): boolean {
  if (!isFillable(glob, words)) return false;
  const source = glob.split(/(\{\w+\})/).map((piece) => {
    const filled = fillWords(piece, words);
    return filled === piece ? escaped(piece).replaceAll('\\*', '.*').replaceAll('\\?', '.') : escaped(filled);
  });
  return new RegExp(`^${source.join('')}$`, 'su').test(name);
}

/** Are all words of the text known? */
export const isFillable = (text: string, words: Words): boolean =>
  partsOf(text).every((part, index) => !isWord(index) || Object.hasOwn(words, part));

/**
 * Matches a relation against a pattern `schema.relation`. Answers the known words with those that the pattern
 * captured: a word of its author's own stands for any text that is not empty, and for the same text each time. Null
 * where it does not match, or needs a word that is not known here. Pure.
 */
export function matchWords(pattern: QualifiedName, relation: QualifiedName, known: Words): Words | null {
  const inSchema = matchOne(pattern.schema, relation.schema, known);
  return inSchema === null ? null : matchOne(pattern.name, relation.name, inSchema);
}

function matchOne(pattern: string, text: string, known: Words): Words | null {
  if (isFillable(pattern, known)) return fillWords(pattern, known) === text ? known : null;
  const captured = new Set<string>();
  let possible = true;
  const source = pattern
    .split(/(\{\w+\})/)
    .map((piece) => {
      const word = /^\{(\w+)\}$/.exec(piece)?.[1];
      if (word === undefined) return escaped(piece);
      const value = Object.hasOwn(known, word) ? known[word] : undefined;
      if (value !== undefined) return escaped(value);
      possible &&= !KNOWN.includes(word);
      if (captured.has(word)) return String.raw`\k<${groupOf(word)}>`;
      captured.add(word);
      return `(?<${groupOf(word)}>.+?)`;
    })
    .join('');
  const found = possible ? new RegExp(`^${source}$`, 'su').exec(text) : null;
  if (found === null) return null;
  const own = [...captured].map((word) => [word, found.groups?.[groupOf(word)] ?? ''] as const);
  return { ...known, ...Object.fromEntries(own) };
}

/** A group's name may not begin with a digit. */
const groupOf = (word: string): string => `w_${word}`;

/** Text as a part of a regular expression, JavaScript's or PostgreSQL's, that stands for itself. */
export const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, String.raw`\$&`);
