import { oneLine } from '../blocks/table.js';
import { spansOf, type Span } from '../blocks/spans.js';

/**
 * A painted line as Markdown that shows the same text, whatever it holds: no name becomes a tag, a link, a mention or another
 * column. In a table code is no code, since a bar ends a cell there too.
 */
export function inlineMarkdown(painted: string, place: 'line' | 'cell'): string {
  const spans = spansOf(oneLine(painted));
  const text = spans
    .map((span, at) => spanMarkdown(span, place, [spans[at - 1]?.text ?? '', spans[at + 1]?.text ?? '']))
    .join('')
    .trim();
  return place === 'cell'
    ? text
    : text.replace(/^[-+=#]/, String.raw`\$&`).replace(/^(\d+)(?=[.)](\s|$))/, '$1\\');
}

function spanMarkdown(
  { text, marks }: Span,
  place: 'line' | 'cell',
  [before, after]: readonly [before: string, after: string],
): string {
  const [, left = '', inner = '', right = ''] = /^(\s*)(.*?)(\s*)$/su.exec(text) ?? [];
  if (inner === '' || !mayStand(before + left, inner, right + after)) return escaped(text);
  if (marks.has('code') && place === 'line') return `${left}${codeMarkdown(inner)}${right}`;
  return marks.has('bold') ? `${left}**${escaped(inner)}**${right}` : escaped(text);
}

/** Between these, asterisks and backticks are surely taken for what they are meant as. */
const mayStand = (before: string, inner: string, after: string): boolean =>
  /(^|\s)$/.test(before) &&
  (/^(\s|$)/.test(after) || (/[\p{L}\p{N}]$/u.test(inner) && /^[,.;:)]/.test(after)));

/** A span of code; its fence is longer than any row of backticks in it. */
function codeMarkdown(text: string): string {
  const fence = '`'.repeat(longestRun(text) + 1);
  const gap = /^`|`$/.test(text) ? ' ' : '';
  return `${fence}${gap}${text}${gap}${fence}`;
}

/** How many backticks stand in a row at most. */
export const longestRun = (text: string): number =>
  Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));

/**
 * A bar is an entity: those who read tables do not agree on `\|` behind a backslash. A space of no width keeps hosts of code
 * from telling a person that `@name` was mentioned, or from taking `#1` for an issue.
 */
const escaped = (text: string): string =>
  text
    .replaceAll(/[\\`*_[\]<>&~$]/g, String.raw`\$&`)
    .replaceAll(/(?<!\w)(?:@(?=\w)|#(?=\d))/g, '$&&#8203;')
    .replaceAll('|', '&#124;')
    .replaceAll('://', String.raw`\://`)
    .replaceAll(/\bwww\./gi, (www) => `${www.slice(0, -1)}\\.`);
