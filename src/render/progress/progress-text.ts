import type { Progress, ShardState, StepProgress } from '../../report/progress.js';
import { printable, withoutUrls } from '../blocks/mask.js';
import { oneLine } from '../blocks/table.js';
import { duration, plural } from '../blocks/words.js';

/** An event as a line of a log; null for those that only a screen shows. */
export function progressLine(event: Progress): string | null {
  const line = lineOf(event);
  return line === null ? null : oneLine(printable(withoutUrls(line)));
}

function lineOf(event: Progress): string | null {
  switch (event.type) {
    case 'settled':
      return `settled: ${event.text}`;
    case 'notice':
      return `notice: ${event.text}`;
    case 'planned': {
      const steps = event.shards.reduce((sum, shard) => sum + shard.steps, 0);
      const shards = event.shards.filter(({ isVeneers }) => isVeneers !== true);
      const where = [
        ...(shards.length === 0 ? [] : [plural(shards.length, 'shard')]),
        ...(shards.length === event.shards.length ? [] : ['the veneers']),
      ];
      return steps === 0 ? null : `${plural(steps, 'step')} to do on ${where.join(' and ')}`;
    }
    case 'hook':
      return `${event.shard === null ? '' : `[${event.shard}] `}${event.event}: ${event.text}`;
    case 'filling': {
      const { shard, migration, tenant, state } = event;
      return `[${shard}] ${migration} ${tenant}: ${rowsText(event)}${state === 'done' ? ', done' : ''}`;
    }
    case 'analyzing':
      return `[${event.shard}] analyzing ${plural(event.tables, 'foreign table')} on ${event.veneer}`;
    case 'step':
      return stepLine(event);
    case 'shard ended':
      return `[${event.shard}] ${endedText(event.state, event.ms)}`;
  }
}

function rowsText({ rows, about, state }: Extract<Progress, { type: 'filling' }>): string {
  const of = state === 'done' || about === null ? '' : ` in a table of about ${plural(about, 'row')}`;
  return `${plural(rows, 'row')} filled${of}`;
}

function stepLine(event: StepProgress): string | null {
  const { shard, index, of, migration, phase, tenants, ms, why } = event;
  const step = `[${shard}] ${index}/${of} ${migration}`;
  switch (phase) {
    case 'committed':
      return `${step} committed${tenants === 0 ? '' : ` for ${plural(tenants, 'tenant')}`}${ms === undefined ? '' : ` in ${duration(ms)}`}`;
    case 'waiting':
    case 'retrying':
    case 'failed':
      return `${step} ${phase}${why === undefined ? '' : `: ${firstLine(why)}`}`;
    case 'running':
    case 'veneer':
    case 'preparing':
    case 'committing':
      return null;
  }
}

/** The row of a shard while it works: `shard2  3/5 20260101_books  2 tenants  preparing`. */
export function stepTitle(event: StepProgress): string {
  const { shard, index, of, migration, tenants } = event;
  const title = `${shard}  ${index}/${of} ${migration}  ${tenants === 0 ? '' : `${plural(tenants, 'tenant')}  `}${phaseText(event)}`;
  return oneLine(printable(withoutUrls(title)));
}

/** The row of a shard that has ended. */
export const endedTitle = (shard: string, state: ShardState, ms: number, step: string | null): string =>
  oneLine(printable(withoutUrls(`${shard}  ${step === null ? '' : `${step}  `}${endedText(state, ms)}`)));

/** The row of a shard that has not begun. */
export const plannedTitle = (shard: string, steps: number): string =>
  oneLine(printable(`${shard}  ${steps === 0 ? 'nothing to do' : `${plural(steps, 'step')} to do`}`));

function phaseText({ phase, tenants, tenantsDone, why }: StepProgress): string {
  if (phase === 'running' && tenants > 1) return `running ${tenantsDone ?? 0}/${tenants}`;
  return why === undefined ? phase : `${phase}: ${firstLine(why)}`;
}

function endedText(state: ShardState, ms: number): string {
  if (state === 'not started' || state === 'up to date') return state;
  return `${state} ${state === 'done' ? 'in' : 'after'} ${duration(ms)}`;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
