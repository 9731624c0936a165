type Paint = (text: string) => string;

/** How text is made to stand out; the plain one leaves it as it is. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
}

/** The style for a place that shows colours, or does not. */
export const styleFor = (colours: boolean): Style => (colours ? COLOURED : PLAIN);

const sgr =
  (on: number, off: number): Paint =>
  (text) =>
    text === '' ? text : `\u001B[${on}m${text}\u001B[${off}m`;

const COLOURED: Style = {
  bold: sgr(1, 22),
  dim: sgr(2, 22),
  red: sgr(31, 39),
  green: sgr(32, 39),
  yellow: sgr(33, 39),
};

const asIs: Paint = (text) => text;

/** Text as it is. */
export const PLAIN: Style = { bold: asIs, dim: asIs, red: asIs, green: asIs, yellow: asIs };
