import type { SetupMember, SetupReport } from '../report/reports.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks, indentedProblem } from './blocks/footer.js';
import { sqlBlock } from './blocks/sql-block.js';
import type { Style } from './blocks/style.js';
import { tableOf, type Cell } from './blocks/table.js';
import { plural } from './blocks/words.js';

/** Each member and what was done; the SQL for someone who may do more, which has to come first; with `--dry-run` the statements. */
export function setupBlocks(report: SetupReport, style: Style): readonly Block[] {
  const { members, dryRun } = report;
  const lines = tableOf(
    members,
    ['member', 'role', 'state', 'statements'],
    (member) => row(member, style),
    ({ problem }) => indentedProblem(problem, style),
  );
  const own = dryRun ? members.map((one) => sqlBlock(`on ${one.member}`, one.statements, style)) : [];
  const others = members.map((one) => sqlBlock(`on ${one.member}, as a superuser`, one.forSuperuser, style));
  const shown = members.map(({ problem }) => problem);
  return [dryRun ? [NOTHING_CHANGED] : [], lines, ...others, ...own, ...footerBlocks(report, shown, style)];
}

function row(one: SetupMember, style: Style): readonly Cell[] {
  const { member, role, state } = one;
  return [
    { text: member, paint: style.bold },
    { text: role, paint: style.dim },
    { text: state, paint: PAINT[state](style) },
    { text: sizeOf(one) },
  ];
}

/** What is written again without a look at it may change something, though nothing of it is known to differ. */
function sizeOf({ state, statements, rewritten }: SetupMember): string {
  const isWork = state === 'done' || state === 'planned';
  const count = isWork ? plural(statements.length, 'statement') : '';
  if (rewritten === 0 || (!isWork && state !== 'nothing to do')) return count;
  const again = `${plural(rewritten, 'user mapping')} set again, since this user cannot read ${rewritten === 1 ? 'it' : 'them'}`;
  return isWork ? `${count}; ${again}` : again;
}

const PAINT: Readonly<Record<SetupMember['state'], (style: Style) => (text: string) => string>> = {
  done: (style) => style.green,
  'nothing to do': (style) => style.green,
  planned: (style) => style.yellow,
  failed: (style) => style.red,
  'not started': (style) => style.yellow,
};
