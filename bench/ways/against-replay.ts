import type { UpReport } from '../../src/report/up.js';
import type { BenchFleet } from '../fleets/tenants.js';
import { inPairs, type Figures, type Pair } from '../measure/pairs.js';
import { told, type WorkOptions } from '../works/work.js';
import { replay, runUp } from './ways.js';

/** Replays what the latest run of ours reported; where none was yet, one on a fleet of its own tells. */
export function againstReplay(
  { at, open }: { readonly at: string; readonly open: () => Promise<BenchFleet & AsyncDisposable> },
  { pairs, say }: Pick<WorkOptions, 'pairs' | 'say'>,
): Promise<Pair[]> {
  let last: UpReport | null = null;
  const up = async (): Promise<{ readonly report: UpReport; readonly figures: Figures }> => {
    await using fleet = await open();
    return await runUp(fleet);
  };
  const ours = async (): Promise<Figures> => {
    const { report, figures } = await up();
    last = report;
    return told(say, `up, ${at}`, figures);
  };
  const theirs = async (): Promise<Figures> => {
    const report = last ?? (await up()).report;
    await using fleet = await open();
    return told(say, `replay, ${at}`, await replay(fleet, report));
  };
  return inPairs(pairs, ours, theirs);
}
