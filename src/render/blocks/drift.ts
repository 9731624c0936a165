import { groupBy } from '../../group-by.js';
import { byGrade, GRADES, type Drift, type DriftGrade } from '../../report/drift/drift.js';
import type { Block } from './block.js';
import type { Style } from './style.js';
import { oneLine } from './table.js';
import { count, names, plural } from './words.js';

/** The worst differences that are shown in full; the rest is counted. */
const MOST_SHOWN = 50;

/** The differences, worst first: what differs, what somebody suffers from it, what cures it. Each once for all tenants. */
export function driftBlock(drift: readonly Drift[], style: Style): Block {
  if (drift.length === 0) return [];
  const groups = [...groupBy(drift.toSorted(byGrade), withoutTenant).values()];
  const hidden = groups.slice(MOST_SHOWN).reduce((sum, group) => sum + group.length, 0);
  return [
    style.bold(`drift (${summary(drift)}):`),
    ...groups.slice(0, MOST_SHOWN).flatMap((group) => oneDrift(group, style)),
    ...(hidden > 0 ? [style.dim(`  … and ${count(hidden)} more (--json lists all)`)] : []),
  ];
}

/** The same for two tenants that have the same difference. */
function withoutTenant({ kind, grade, where, object, text, consequence, cure }: Drift): string {
  const { veneer, member, shard, tenant } = where;
  if (tenant === undefined) return JSON.stringify([kind, grade, veneer, member, shard, object, text, cure]);
  const name = new RegExp(
    `(?<![\\p{L}\\p{N}])${tenant.replace(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)}(?![\\p{L}\\p{N}])`,
    'gu',
  );
  const words = [object, text, consequence, cure].map((word) => word.replace(name, '{tenant}'));
  return JSON.stringify([kind, grade, veneer, member, ...words]);
}

function summary(drift: readonly Drift[]): string {
  return GRADES.map((grade) => ({ grade, found: drift.filter((one) => one.grade === grade).length }))
    .filter(({ found }) => found > 0)
    .map(({ grade, found }) => `${count(found)} ${grade}`)
    .join(', ');
}

function oneDrift(group: readonly Drift[], style: Style): readonly string[] {
  const [first, ...others] = group;
  if (first === undefined) return [];
  const { grade, object, where, text, consequence, cure } = first;
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
    ...(others.length === 0
      ? []
      : [
          style.dim(
            `      the same in ${plural(others.length, 'more tenant')}: ${names(others.map((one) => oneLine(one.where.tenant ?? '')))}`,
          ),
        ]),
  ];
}

const paintOf = (grade: DriftGrade, style: Style) =>
  grade === 'cosmetic' ? style.dim : grade === 'invisible' ? style.yellow : style.red;
