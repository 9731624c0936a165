import type { Problem } from '../errors.js';
import type { HistoryRun, HistoryStep, KeptStatements, PhaseTime } from '../report/history.js';
import type { Block } from './blocks/block.js';
import { indentedProblem } from './blocks/footer.js';
import { sqlBlock } from './blocks/sql-block.js';
import type { Style } from './blocks/style.js';
import { tableOf, type Cell } from './blocks/table.js';
import { count, duration, names, plural } from './blocks/words.js';

/** The steps of a run, then the statements: a migration's once, however many shards ran them. */
export function stepBlocks(run: HistoryRun, steps: readonly HistoryStep[], style: Style): readonly Block[] {
  const known = new Set(run.problems.map(key));
  const lines = tableOf(
    steps,
    ['step', 'shard', 'migration', 'outcome', 'facts', 'settled'],
    (step) => row(step, style),
    (step) => [
      ...phaseLine(step.details.phases, style),
      ...step.problems.filter((one) => !known.has(key(one))).flatMap((one) => indentedProblem(one, style)),
    ],
  );
  return [lines, ...migrationBlocks(steps, style), ...steps.flatMap((step) => veneerBlocks(step, style))];
}

const key = ({ message, where }: Problem): string => JSON.stringify([message, where]);

function row(step: HistoryStep, style: Style): readonly Cell[] {
  const { outcome, shard, migration, settledBy } = step;
  const paint = outcome === 'committed' ? style.green : outcome === 'rolled back' ? style.dim : style.red;
  return [
    { text: `  ${step.step}`, paint: style.dim },
    { text: shard ?? '' },
    { text: migration ?? '' },
    { text: outcome, paint },
    { text: facts(step).join(', '), paint: style.dim },
    { text: settledBy === null ? '' : `settled by run ${settledBy}` },
  ];
}

function facts({
  tenants,
  protocol,
  attempts,
  ms,
  details: { locks = [], windowMs },
}: HistoryStep): readonly string[] {
  return [
    tenants === null ? null : plural(tenants, 'tenant'),
    protocol,
    attempts === null || attempts < 2 ? null : `${attempts} attempts`,
    locks.length === 0
      ? null
      : `its tables locked for ${duration(Math.max(...locks.map((lock) => lock.ms)))}`,
    windowMs === undefined ? null : `the veneer was behind for ${duration(windowMs)}`,
    ms === null ? null : duration(ms),
  ].filter((fact) => fact !== null);
}

/** `running at 0 ms, veneer at 12 ms, committed at 40 ms` */
function phaseLine(phases: readonly PhaseTime[] = [], style: Style): Block {
  if (phases.length === 0) return [];
  return [style.dim(`    ${phases.map(({ phase, ms }) => `${phase} at ${duration(ms)}`).join(', ')}`)];
}

function migrationBlocks(steps: readonly HistoryStep[], style: Style): readonly Block[] {
  const migrations = [...new Set(steps.flatMap(({ migration }) => migration ?? []))];
  return migrations.flatMap((migration) => {
    const ran = steps.filter((step) => step.migration === migration && step.details.statements !== undefined);
    const statements = ran[0]?.details.statements;
    if (statements === undefined) return [];
    const title = `${migration}, for each tenant of: ${names(ran.flatMap(({ shard }) => shard ?? []))}`;
    return [keptBlock(title, statements, style)];
  });
}

const veneerBlocks = ({ step, details }: HistoryStep, style: Style): readonly Block[] =>
  Object.entries(details.veneerStatements ?? {}).map(([veneer, statements]) =>
    keptBlock(`on ${veneer}, step ${step}`, statements, style),
  );

function keptBlock(title: string, { sql, leftOut }: KeptStatements, style: Style): Block {
  const rest = leftOut === 0 ? [] : [style.dim(`-- … and ${count(leftOut)} more, which were not kept`)];
  return [...sqlBlock(title, sql, style), ...rest];
}
