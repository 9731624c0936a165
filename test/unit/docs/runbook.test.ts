import { expect, test } from '@jest/globals';
import { read, SOURCES } from './documents.js';

/** Text of the runbook as one line, without emphasis and code marks, so that a line break hides nothing. */
const plain = (text: string): string => text.replaceAll(/[`*]/g, '').replaceAll(/\s+/g, ' ');

const RUNBOOK = plain(read('docs/runbook.md'));

/** The longest piece of a message that is the same whatever is filled in; null where there is none to speak of. */
function fixedPart(literal: string): string | null {
  const pieces = literal
    .split(/\$\{(?:[^{}]|\{[^{}]*\})*\}/)
    .flatMap((piece) => piece.split(/[:;]/))
    .map((piece) => plain(piece).trim());
  const longest = pieces.toSorted((a, b) => b.length - a.length)[0] ?? '';
  return longest.length < 8 ? null : longest;
}

/** The messages of a source file's own errors, as they are written there. */
const messagesIn = (source: string): string[] =>
  [...source.matchAll(/new VeneerError\(\s*(?:'((?:[^'\\]|\\.)*)'|`((?:[^`\\]|\\.)*)`)/g)].map(
    ([, quoted, template]) => quoted ?? template ?? '',
  );

test('every error of the code has its place in docs/runbook.md', () => {
  const messages = SOURCES.flatMap((file) => messagesIn(read(file)).map((message) => ({ file, message })));
  expect(messages.length).toBeGreaterThan(30);
  const missing = messages.filter(({ message }) => {
    const fixed = fixedPart(message);
    return fixed !== null && !RUNBOOK.includes(fixed);
  });
  expect(missing).toEqual([]);
});

test('the fixed part of a message is found', () => {
  expect(fixedPart('another runner holds fleet ${fleet} on ${session.member}: ${holderText(holder)}')).toBe(
    'another runner holds fleet',
  );
  expect(fixedPart('${a.map((x) => `${x}`).join()} b')).toBeNull();
});
