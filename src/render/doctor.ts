import { groupBy } from '../group-by.js';
import type { CheckName, CheckOutcome, DoctorCheck, DoctorMember, DoctorReport } from '../report/doctor.js';
import type { Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { oneLine, tableLines, type Cell } from './blocks/table.js';
import { count, names } from './blocks/words.js';

/** A row for each member; then what is not in order, each thing once with those that have it, the worst first. */
export function doctorBlocks(report: DoctorReport, style: Style): readonly Block[] {
  const shown = report.problems;
  return [
    memberTable(report.members, style),
    ...findings(report).map((finding) => findingBlock(finding, style)),
    verdict(report, style),
    ...footerBlocks(report, shown, style),
  ];
}

const OUTCOMES: readonly CheckOutcome[] = ['failed', 'warning', 'not asked'];

/** Members that are shown though there is nothing to tell of them. */
const MOST_QUIET = 50;

function memberTable(members: readonly DoctorMember[], style: Style): Block {
  let quiet = 0;
  const shown = members.filter((member) => !isFine(member) || quiet++ < MOST_QUIET);
  const head = ['member', 'role', 'PostgreSQL', 'ok', ...OUTCOMES].map((text, column): Cell => ({
    text,
    paint: style.dim,
    ...(column > 2 ? { align: 'right' } : {}),
  }));
  const hidden = members.length - shown.length;
  return [
    ...tableLines([head, ...shown.map((member) => memberRow(member, style))], 'first row'),
    ...(hidden > 0 ? [style.dim(`… and ${count(hidden)} more, all ok (--json lists them)`)] : []),
  ];
}

const isFine = ({ checks }: DoctorMember): boolean => checks.every(({ outcome }) => outcome === 'ok');

/** Logins of others, which neither setup nor up needs to try. */
const OTHERS: readonly CheckName[] = ['passwords', 'user mappings'];

/** None where something fails, or is not known. */
function verdict({ machine, members }: DoctorReport, style: Style): Block {
  const all = [...machine, ...members.flatMap(({ checks }) => checks)];
  const isKnown = ({ check, outcome }: DoctorCheck): boolean =>
    outcome === 'ok' || outcome === 'warning' || (outcome === 'not asked' && OTHERS.includes(check));
  if (!all.every(isKnown)) return [];
  const isQuiet = all.every(({ outcome }) => outcome !== 'warning');
  return [style.green(isQuiet ? 'fit for setup and up' : 'fit for setup and up, with warnings')];
}

function memberRow({ member, role, version, checks }: DoctorMember, style: Style): readonly Cell[] {
  const amount = (outcome: CheckOutcome): Cell => {
    const found = checks.filter((check) => check.outcome === outcome).length;
    return { text: found === 0 ? '-' : count(found), align: 'right', paint: found === 0 ? style.dim : paintOf(outcome, style) }; // prettier-ignore
  };
  return [
    { text: member, paint: style.bold },
    { text: role, paint: style.dim },
    { text: version ?? '-' },
    amount('ok'),
    ...OUTCOMES.map(amount),
  ];
}

interface Finding extends DoctorCheck {
  readonly where: readonly string[];
}

function findings({ machine, members }: DoctorReport): readonly Finding[] {
  const all = [
    ...machine.map((check) => ({ check, member: 'this machine' })),
    ...members.flatMap(({ member, version, checks }) =>
      // Of a member that was not reached it is told once.
      checks
        .filter(({ outcome }) => version !== null || outcome !== 'not asked')
        .map((check) => ({ check, member })),
    ),
  ].filter(({ check }) => check.outcome !== 'ok');
  const alike = [...groupBy(all, ({ check }) => JSON.stringify(check)).values()];
  return alike
    .flatMap((some) =>
      some.slice(0, 1).map(({ check }) => ({ ...check, where: some.map(({ member }) => member) })),
    )
    .toSorted((a, b) => OUTCOMES.indexOf(a.outcome) - OUTCOMES.indexOf(b.outcome));
}

const findingBlock = ({ check, outcome, found, cure, where }: Finding, style: Style): Block => [
  `${paintOf(outcome, style)(outcome)}  ${style.bold(check)}  ${style.dim(names(where.map(oneLine)))}`,
  `    ${shortened(found)}`,
  ...(cure === null ? [] : [`    cure: ${shortened(cure)}`]),
];

/** Characters of a text; a fleet of hundreds of tenants may lack something for each of them. */
const LONGEST = 600;

function shortened(text: string): string {
  const line = oneLine(text);
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}… (whole in --json)` : line;
}

const paintOf = (outcome: CheckOutcome, style: Style): ((text: string) => string) =>
  ({ ok: style.green, failed: style.red, warning: style.yellow, 'not asked': style.dim })[outcome];
