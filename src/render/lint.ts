import { groupBy } from '../group-by.js';
import type { LintFinding, LintReport } from '../report/lint.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { oneLine } from './blocks/table.js';
import { plural } from './blocks/words.js';

/** File by file what is to be said about its statements; then what does not load, and the sum. */
export function lintBlocks(report: LintReport, style: Style): readonly Block[] {
  const byFile = [...groupBy(report.findings, ({ file }) => file).values()];
  return [
    ...byFile.map((findings) => findings.flatMap((finding) => findingLines(finding, style))),
    [summary(report, style)],
    ...footerBlocks(report, [], style),
  ];
}

function findingLines({ level, file, line, sql, text, why, instead }: LintFinding, style: Style): Block {
  const place = line === null ? file : `${file}:${line}`;
  return [
    `${style.bold(oneLine(place))}  ${paintOf(level, style)(level)}  ${oneLine(text)}`,
    ...(sql === null || line !== null ? [] : [style.dim(`    in: ${shortened(sql)}`)]),
    `    ${oneLine(why)}`,
    ...(instead === null ? [] : [`    instead: ${oneLine(instead)}`]),
  ];
}

const paintOf = (level: LintFinding['level'], style: Style) =>
  level === 'warning' ? style.yellow : style.dim;

/** Longer ones are cut: JSON has them whole. */
const LONGEST = 60;

function shortened(sql: string): string {
  const line = oneLine(sql.replaceAll(/\s+/g, ' ').trim());
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

function summary({ migrations, findings, problems }: LintReport, style: Style): string {
  const count = (level: LintFinding['level']): number => findings.filter((one) => one.level === level).length;
  const parts = [
    ...(problems.length === 0 ? [] : [style.red(plural(problems.length, 'error'))]),
    plural(count('warning'), 'warning'),
    ...(count('unknown') === 0 ? [] : [`${count('unknown')} unknown without a database`]),
    ...(count('note') === 0 ? [] : [plural(count('note'), 'note')]),
  ];
  return `${plural(migrations.length, 'migration')}: ${parts.join(', ')}`;
}
