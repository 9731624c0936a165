import type { TrafficResult } from './traffic-tally.js';

/** One column of the table: how it is called, what it met, and for how long it ran. */
export interface TrafficColumn {
  readonly title: string;
  readonly result: TrafficResult;
}

/** The counts side by side, a line each, as Markdown. `more`: further lines, a cell for each column. */
export function trafficTable(
  columns: readonly TrafficColumn[],
  more: readonly (readonly string[])[] = [],
): string {
  const results = columns.map(({ result }) => result);
  const row = (label: string, cell: (result: TrafficResult) => string): string[] => [
    label,
    ...results.map(cell),
  ];
  const states = [...new Set(results.flatMap(({ errors }) => Object.keys(errors)))].toSorted();
  const own = [...new Set(results.flatMap(({ asOnOneServer }) => Object.keys(asOnOneServer)))].toSorted();
  const lines = [
    ['', ...columns.map(({ title }) => title)],
    ['---', ...columns.map(() => '---:')],
    row('statements', ({ statements }) => String(statements)),
    row('errors per 1,000 statements, `0A000` aside', perThousand),
    ...states.map((state) => row(`errors \`${state}\``, ({ errors }) => String(errors[state] ?? 0))),
    row('**wrong answers**', ({ wrong }) => `**${wrong}**`),
    ...own.map((state) =>
      row(`\`${state}\`, as on one server`, ({ asOnOneServer }) => String(asOnOneServer[state] ?? 0)),
    ),
    row('transactions open across a step', ({ straddled }) => String(straddled)),
    row('longest statement', ({ longestMs }) => `${longestMs} ms`),
    ...more,
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function perThousand({ statements, errors }: TrafficResult): string {
  const { '0A000': _changedPlans, ...others } = errors;
  const all = Object.values(others).reduce((sum, count) => sum + count, 0);
  return ((1000 * all) / Math.max(1, statements)).toFixed(1);
}
