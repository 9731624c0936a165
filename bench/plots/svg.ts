/** One line of a plot; points in the plot's units. */
export interface Series {
  readonly title: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Plot {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
}

const WIDTH = 640;
const HEIGHT = 400;
const EDGE = { left: 70, right: 20, top: 40, bottom: 50 };
const COLOURS = ['#1f6feb', '#d1652b', '#2da44e', '#8250df'];

/** A plot with logarithmic axes, as a text of SVG: how cost grows is a slope, whatever the machine. Pure. */
export function svgOf({ title, x, y, series }: Plot): string {
  const across = axis(
    series.flatMap(({ points }) => points.map(([at]) => at)),
    EDGE.left,
    WIDTH - EDGE.right,
  );
  const along = axis(
    series.flatMap(({ points }) => points.map(([, at]) => at)),
    HEIGHT - EDGE.bottom,
    EDGE.top,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    text(WIDTH / 2, 22, title, 'middle'),
    text(WIDTH / 2, HEIGHT - 12, x, 'middle'),
    text(EDGE.left, EDGE.top - 8, y, 'start'),
    ...across.ticks.map((value) => grid(across.at(value), null, String(value))),
    ...along.ticks.map((value) => grid(null, along.at(value), String(value))),
    ...series.map((one, index) => line(one, index, across.at, along.at)),
    '</svg>\n',
  ].join('\n');
}

interface Axis {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From the power of ten (or its double or fivefold) below the least value to the one above the greatest. */
function axis(values: readonly number[], from: number, to: number): Axis {
  const steps = Array.from({ length: 9 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();
  const least = steps.findLast((step) => step <= Math.min(...values)) ?? 1;
  const most = steps.find((step) => step >= Math.max(...values)) ?? 1e8;
  const [low, high] = [Math.log(least), Math.log(Math.max(most, least * 2))];
  return {
    at: (value) => from + ((Math.log(value) - low) / (high - low)) * (to - from),
    ticks: steps.filter((step) => step >= least && step <= most),
  };
}

function line(
  { title, points }: Series,
  index: number,
  across: (value: number) => number,
  along: (value: number) => number,
): string {
  const colour = COLOURS[index % COLOURS.length] ?? '#000000';
  const dots = points.map(([x, y]) => [across(x).toFixed(1), along(y).toFixed(1)] as const);
  return [
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${dots.map((dot) => dot.join(',')).join(' ')}"/>`,
    ...dots.map(([x, y]) => `<circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`),
    text(EDGE.left + 10, EDGE.top + 16 * (index + 1), title, 'start', colour),
  ].join('\n');
}

const grid = (x: number | null, y: number | null, label: string): string =>
  x === null
    ? `<path stroke="#e0e0e0" d="M${EDGE.left} ${(y ?? 0).toFixed(1)}H${WIDTH - EDGE.right}"/>\n${text(EDGE.left - 6, (y ?? 0) + 4, label, 'end')}`
    : `<path stroke="#e0e0e0" d="M${x.toFixed(1)} ${EDGE.top}V${HEIGHT - EDGE.bottom}"/>\n${text(x, HEIGHT - EDGE.bottom + 16, label, 'middle')}`;

const text = (x: number, y: number, words: string, anchor: string, colour = '#24292f'): string =>
  `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="${colour}">${words.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</text>`;
