import type { LedgerChange, LedgerReport } from '../report/ledger.js';
import { NOTHING_CHANGED, type Block } from './blocks/block.js';
import { footerBlocks } from './blocks/footer.js';
import type { Style } from './blocks/style.js';
import { tableLines, type Cell } from './blocks/table.js';
import { names, plural } from './blocks/words.js';

const NOTHING: Readonly<Record<LedgerReport['action'], string>> = {
  accept: 'nothing to accept: what was applied is what the file says',
  export: 'nothing to write: pgmigrations has what the ledger has',
};

/** What is written where, for whom. */
export function ledgerBlocks(report: LedgerReport, style: Style): readonly Block[] {
  const { changes, action, dryRun } = report;
  return [
    dryRun ? [NOTHING_CHANGED] : [],
    changes.length === 0
      ? [NOTHING[action]]
      : tableLines(
          changes.map((change) => row(change, style)),
          ['member', 'whose', 'state', 'migrations'],
        ),
    ...footerBlocks(report, [], style),
  ];
}

const row = ({ member, subjects, migrations, state }: LedgerChange, style: Style): readonly Cell[] => [
  { text: member, paint: style.bold },
  { text: names(subjects) },
  { text: state, paint: state === 'written' ? style.green : style.yellow },
  {
    text:
      migrations.length === 1
        ? (migrations[0] ?? '')
        : `${plural(migrations.length, 'migration')}, to ${migrations.at(-1)}`,
  },
];
