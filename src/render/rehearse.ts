import { groupBy } from '../group-by.js';
import type { RehearsedMember, RehearsedStep, RehearseReport } from '../report/rehearse.js';
import type { Block } from './blocks/block.js';
import { footerBlocks, indentedProblem } from './blocks/footer.js';
import { sqlBlock } from './blocks/sql-block.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';
import { duration, names, plural } from './blocks/words.js';
import { writesBlock } from './blocks/writes.js';

/** For whom it ran; each migration with what it did where; the SQL of the veneers. */
export function rehearseBlocks(report: RehearseReport, style: Style): readonly Block[] {
  const { steps, plan } = report;
  const shown = steps.flatMap(({ problems }) => problems);
  if (steps.length === 0 && report.problems.length === 0)
    return [
      [`nothing is pending${plan === null ? '' : `: the plan in ${plan} is empty`}`],
      ...footerBlocks(report, [], style),
    ];
  return [
    tenantsBlock(report, style),
    ...steps.map((step) => stepBlock(step, style)),
    ...steps.flatMap((step) => sqlBlocks(step, style)),
    writesBlock(
      steps.flatMap(({ writes }) => writes),
      style,
    ),
    steps.some(({ ms, problems }) => ms !== null || problems.length > 0)
      ? [`${style.bold('everything was rolled back')} after ${duration(report.ms)}`]
      : [],
    ...footerBlocks(report, shown, style),
  ];
}

function tenantsBlock({ tenants }: RehearseReport, style: Style): Block {
  if (tenants.length === 0) return [];
  const others = tenants.reduce((sum, { standsFor }) => sum + standsFor.length, 0);
  const more = others === 0 ? '' : style.dim(`, for ${plural(others, 'other')} of the same shapes`);
  return [`rehearsed with ${names(tenants.map(({ tenant }) => tenant))}${more}`];
}

const MARKS: Readonly<Record<RehearsedStep['state'], string>> = {
  rehearsed: '✔',
  failed: '✖',
  'not rehearsed': '·',
  'not started': '·',
};

function stepBlock(step: RehearsedStep, style: Style): Block {
  const { state, migration, ms, members, problems } = step;
  const paint = state === 'rehearsed' ? style.green : state === 'failed' ? style.red : style.yellow;
  const time = ms === null ? '' : style.dim(`  ${duration(ms)}`);
  return [
    `${paint(MARKS[state])} ${style.bold(migration)}${state === 'rehearsed' ? '' : `  ${paint(state)}`}${time}`,
    ...tableLines(
      members.map((member) => memberRow(member, style)),
      ['member', 'tenants', 'size', 'effects'],
    ),
    ...problems.flatMap((problem) => indentedProblem(problem, style)),
  ];
}

const memberRow = (member: RehearsedMember, style: Style): readonly Cell[] => [
  { text: `    ${member.member}` },
  { text: member.tenants.length === 0 ? '' : plural(member.tenants.length, 'tenant'), paint: style.dim },
  {
    text: member.ms === null ? plural(member.statements.length, 'statement') : duration(member.ms),
    paint: style.dim,
  },
  { text: effects(member), paint: member.rewrites.length === 0 ? style.dim : style.red },
];

/** `rewrites books; ACCESS EXCLUSIVE: books, authors`; tables of the same name once. */
function effects({ rewrites, locks }: RehearsedMember): string {
  const byMode = groupBy(locks, ({ mode }) => mode);
  return [
    ...(rewrites.length === 0 ? [] : [`rewrites ${shortNames(rewrites)}`]),
    ...[...byMode].map(([mode, held]) => `${mode}: ${shortNames(held.map(({ relation }) => relation))}`),
  ].join('; ');
}

/** Without their schemas, which are the tenants'. */
const shortNames = (relations: readonly string[]): string =>
  names([...new Set(relations.map((relation) => relation.slice(relation.indexOf('.') + 1)))]);

const sqlBlocks = ({ migration, members }: RehearsedStep, style: Style): readonly Block[] =>
  members
    .filter(({ statements }) => statements.length > 0)
    .map(({ member, statements }) => sqlBlock(`${member}, after ${migration}`, statements, style));
