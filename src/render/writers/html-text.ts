import { spansOf } from '../blocks/spans.js';

/** Text as it stands in HTML, between tags and in attributes. */
export const escapeHtml = (text: string): string =>
  text.replaceAll(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);

/** A painted line as HTML that shows the same text. */
export const inlineHtml = (painted: string): string =>
  spansOf(painted)
    .map(({ text, marks }) => {
      const tags = [...marks].map((mark) => TAGS[mark]);
      return `${tags.map(([open]) => open).join('')}${escapeHtml(text)}${tags
        .toReversed()
        .map(([, close]) => close)
        .join('')}`;
    })
    .join('');

const TAGS = {
  bold: ['<b>', '</b>'],
  code: ['<code>', '</code>'],
  dim: ['<span class="dim">', '</span>'],
  red: ['<span class="red">', '</span>'],
  green: ['<span class="green">', '</span>'],
  yellow: ['<span class="yellow">', '</span>'],
} as const;
