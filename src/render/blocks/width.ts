/** Columns that a terminal gives to `text`: two for East Asian wide characters and emoji, none for marks. */
export function widthOf(text: string): number {
  let width = 0;
  for (const char of text) width += INVISIBLE.test(char) ? 0 : WIDE.test(char) ? 2 : 1;
  return width;
}

/** `text` with blanks up to `width` columns, on its right or, for numbers, on its left. */
export function pad(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  const blanks = ' '.repeat(Math.max(0, width - widthOf(text)));
  return side === 'right' ? text + blanks : blanks + text;
}

const INVISIBLE = /[\p{M}\p{Cf}]/u;

/** The blocks that Unicode's EastAsianWidth.txt has as W or F, joined where only rare signs lie between. */
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\u4DBF\u4E00-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18CFF}\u{1B000}-\u{1B2FF}\u{1F300}-\u{1F64F}\u{1F680}-\u{1F6FF}\u{1F900}-\u{1FAFF}\u{20000}-\u{3FFFD}]/u;
