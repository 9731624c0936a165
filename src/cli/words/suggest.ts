import { nearest } from '../../config/text/nearest.js';

/** `; did you mean …?` for a word that was cut short, or has a letter wrong or two swapped; else nothing. */
export function suggestion(word: string, known: readonly string[], prefix = ''): string {
  const meant =
    word.length < 2
      ? null
      : (known.find((name) => name.startsWith(word)) ??
        nearest(word, known) ??
        known.find((name) => letters(name) === letters(word)) ??
        null);
  return meant === null ? '' : `; did you mean ${prefix}${meant}?`;
}

const letters = (word: string): string => word.split('').toSorted().join('');
