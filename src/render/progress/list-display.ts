import type { Progress, StepProgress } from '../../report/progress.js';
import type { Display } from './display.js';
import { endedTitle, plannedTitle, stepTitle } from './progress-text.js';
import { startShardList, type ShardList } from './shard-list.js';

/**
 * A row per shard from the moment the plan is known; before, after, and for a fleet of more shards than `mostRows`, the
 * lines of `lines`. While the rows are drawn, lines wait until the list has ended.
 */
export function listDisplay(lines: Display, mostRows: number): Display {
  let list: ShardList | null = null;
  const waiting: Progress[] = [];
  const started = (event: Progress): void => {
    if (event.type !== 'planned' || event.shards.length > mostRows) return lines.onProgress(event);
    if (event.shards.every(({ steps }) => steps === 0)) return;
    list = startShardList(
      event.shards.map(({ shard, steps }) => ({ shard, title: plannedTitle(shard, steps) })),
    );
  };
  const shown = rowUpdates();
  return {
    onProgress: (event) => {
      if (list === null) return started(event);
      if (!shown(list, event)) waiting.push(event);
    },
    say: (text) => list?.say(text) ?? false,
    end: async () => {
      const drawn = list !== null;
      await list?.end();
      list = null;
      for (const event of waiting) lines.onProgress(event);
      return (await lines.end()) || drawn;
    },
  };
}

/** Puts an event on its shard's row; false for an event that has no row. */
function rowUpdates(): (list: ShardList, event: Progress) => boolean {
  const steps = new Map<string, StepProgress>();
  return (list, event) => {
    if (event.type === 'step') {
      steps.set(event.shard, event);
      return list.update(event.shard, stepTitle(event));
    }
    if (event.type !== 'shard ended') return false;
    const step = steps.get(event.shard);
    const at = step === undefined ? null : `${step.index}/${step.of} ${step.migration}`;
    return list.finish(event.shard, event.state, endedTitle(event.shard, event.state, event.ms, at));
  };
}
