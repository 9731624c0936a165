import { MARK_CODES, type Style } from './style.js';

export type Mark = keyof Style;

/** Text that is marked alike. */
export interface Span {
  readonly text: string;
  readonly marks: ReadonlySet<Mark>;
}

/** Text that was painted by `MARKED`, as spans without the codes; none of them is empty. */
export function spansOf(painted: string): readonly Span[] {
  const [first = '', ...rest] = painted.split('\u001B[');
  let marks: ReadonlySet<Mark> = new Set();
  const spans = rest.map((part): Span => {
    const end = part.indexOf('m');
    marks = changed(marks, Number(part.slice(0, end)));
    return { text: part.slice(end + 1), marks };
  });
  return [{ text: first, marks: new Set<Mark>() }, ...spans].filter(({ text }) => text !== '');
}

/** The text alone. */
export const plainOf = (painted: string): string =>
  spansOf(painted)
    .map(({ text }) => text)
    .join('');

const ENTRIES = Object.entries(MARK_CODES) as readonly (readonly [Mark, readonly [number, number]])[];

/** A code begins one mark, or ends all that end with it. */
function changed(marks: ReadonlySet<Mark>, code: number): ReadonlySet<Mark> {
  const begun = ENTRIES.flatMap(([name, [on]]) => (on === code ? [name] : []));
  const ended = new Set(ENTRIES.flatMap(([name, [, off]]) => (off === code ? [name] : [])));
  return new Set([...[...marks].filter((name) => !ended.has(name)), ...begun]);
}
