import type { Drift, DriftGrade } from '../report/drift.js';
import type { Block } from './block.js';
import type { Style } from './style.js';
import { oneLine } from './table.js';
import { count } from './words.js';

const WORST_FIRST: readonly DriftGrade[] = [
  'wrong answers',
  'error',
  'writes break',
  'invisible',
  'cosmetic',
];

/** The worst differences that are shown in full; the rest is counted. */
const MOST_SHOWN = 50;

/** The differences, worst first: what differs, what somebody suffers from it, what cures it. */
export function driftBlock(drift: readonly Drift[], style: Style): Block {
  if (drift.length === 0) return [];
  const sorted = drift.toSorted((a, b) => WORST_FIRST.indexOf(a.grade) - WORST_FIRST.indexOf(b.grade));
  const hidden = sorted.length - MOST_SHOWN;
  return [
    style.bold(`drift (${summary(sorted)}):`),
    ...sorted.slice(0, MOST_SHOWN).flatMap((one) => oneDrift(one, style)),
    ...(hidden > 0 ? [style.dim(`  … and ${count(hidden)} more (--json lists all)`)] : []),
  ];
}

function summary(drift: readonly Drift[]): string {
  return WORST_FIRST.map((grade) => ({ grade, found: drift.filter((one) => one.grade === grade).length }))
    .filter(({ found }) => found > 0)
    .map(({ grade, found }) => `${count(found)} ${grade}`)
    .join(', ');
}

function oneDrift({ grade, object, where, text, consequence, cure }: Drift, style: Style): readonly string[] {
  const { veneer, shard, member, tenant } = where;
  const place = [veneer ?? member, shard, tenant === undefined ? undefined : `tenant ${tenant}`];
  const shownPlace = place
    .filter((part) => part !== undefined)
    .map(oneLine)
    .join(' · ');
  return [
    `  ${paintOf(grade, style)(grade)}  ${style.bold(oneLine(object))}${shownPlace === '' ? '' : style.dim(`  ${shownPlace}`)}`,
    `      ${oneLine(text)}`,
    `      ${oneLine(consequence)}`,
    `      cure: ${oneLine(cure)}`,
  ];
}

const paintOf = (grade: DriftGrade, style: Style) =>
  grade === 'cosmetic' ? style.dim : grade === 'invisible' ? style.yellow : style.red;
