import type { UpShard, UpStep, UpVeneerStep } from '../report/up.js';
import type { Block } from './blocks/block.js';
import type { Style } from './blocks/style.js';
import { tableLines, tableOf, type Cell } from './blocks/table.js';
import { indentedProblem } from './blocks/footer.js';
import { duration, plural, stepName } from './blocks/words.js';

/** The steps of the veneers, each with what stopped it. */
export const veneerStepLines = (steps: readonly UpVeneerStep[], style: Style): Block =>
  tableOf(
    steps,
    HEAD,
    (step) =>
      stepRow(
        { ...step, tenants: step.veneers, notAtOnce: [], veneerStatements: {}, writes: [] },
        step.veneers.length,
        style,
      ),
    ({ problem }) => indentedProblem(problem, style),
  );

const HEAD = ['', 'step', 'facts'];

/** The steps of one shard, below its row. */
export function stepLines({ steps, tenants }: UpShard, style: Style): Block {
  return tableLines(
    steps.map((step) => stepRow(step, tenants.length, style)),
    HEAD,
  );
}

function stepRow(step: UpStep, tenants: number, style: Style): readonly Cell[] {
  const { state } = step;
  return [
    {
      text: `  ${MARKS[state]}`,
      paint:
        state === 'committed'
          ? style.green
          : state === 'failed' || state === 'in doubt'
            ? style.red
            : style.dim,
    },
    { text: stepName(step) },
    {
      text: [state === 'committed' ? null : state, ...facts(step, tenants)]
        .filter((fact) => fact !== null)
        .join(', '),
      paint: style.dim,
    },
  ];
}

function facts(
  { tenants, ms, attempts, protocol, locks, windowMs, veneerStatements }: UpStep,
  all: number,
): readonly (string | null)[] {
  const onVeneer = Object.values(veneerStatements).reduce((sum, { length }) => sum + length, 0);
  return [
    tenants.length === all || tenants.length === 0
      ? null
      : `for ${tenants.length} of ${plural(all, 'tenant')}`,
    protocol,
    onVeneer === 0 ? null : `${plural(onVeneer, 'statement')} on the veneer`,
    locks.length === 0
      ? null
      : `its tables locked for ${duration(Math.max(...locks.map((lock) => lock.ms)))}`,
    windowMs === null ? null : `the veneer was behind for ${duration(windowMs)}`,
    ms === null ? null : duration(ms),
    attempts > 1 ? `${attempts} attempts` : null,
  ];
}

const MARKS: Readonly<Record<UpStep['state'], string>> = {
  committed: '✔',
  failed: '✖',
  'in doubt': '?',
  interrupted: '↩',
  'not started': '·',
  planned: '·',
};
