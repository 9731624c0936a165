type Paint = (text: string) => string;

/** How text is made to stand out; the plain one leaves it as it is. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  /** To be typed as it stands. A terminal shows it like other text. */
  readonly code: Paint;
}

/** The style for a place that shows colours, or does not. */
export const styleFor = (colours: boolean): Style => (colours ? COLOURED : PLAIN);

/** Where each mark begins and ends: the codes of a terminal, and two that no terminal knows, for `MARKED` alone. */
export const MARK_CODES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  code: [1000, 1001],
} as const satisfies Readonly<Record<keyof Style, readonly [on: number, off: number]>>;

const mark =
  ([on, off]: readonly [on: number, off: number]): Paint =>
  (text) =>
    text === '' ? text : `\u001B[${on}m${text}\u001B[${off}m`;

const asIs: Paint = (text) => text;

/** Text as it is. */
export const PLAIN: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs, code: asIs };

const COLOURED: Style = {
  bold: mark(MARK_CODES.bold),
  dim: mark(MARK_CODES.dim),
  red: mark(MARK_CODES.red),
  green: mark(MARK_CODES.green),
  yellow: mark(MARK_CODES.yellow),
  code: asIs,
};

/**
 * For writers that make a document: `spansOf` reads the marks again. None can come from a name or message: `printable` has
 * taken every control character out of a report before it becomes blocks.
 */
export const MARKED: Style = { ...COLOURED, code: mark(MARK_CODES.code) };
