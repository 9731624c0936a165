import type { Progress } from '../../report/progress.js';
import type { Display } from './display.js';
import { progressLine } from './progress-text.js';

export interface DisplayOptions {
  /** 'list': rows that change, on a terminal. 'lines': one after the other. */
  readonly kind: 'none' | 'lines' | 'list';
  /** Rows of the terminal. */
  readonly rows: number;
  readonly write: (line: string) => void;
}

/** A list that redraws itself costs more than linearly in its rows, and the runner's time is time with locks held. */
const MOST_ROWS = 30;

/** The display for where the output goes. */
export async function openDisplay({ kind, rows, write }: DisplayOptions): Promise<Display> {
  if (kind === 'none') return { onProgress: () => undefined, say: () => false, end: async () => false };
  const lines = lineDisplay(write);
  if (kind === 'lines') return lines;
  const { listDisplay } = await import('./list-display.js');
  return listDisplay(lines, Math.min(MOST_ROWS, rows - 4));
}

function lineDisplay(write: (line: string) => void): Display {
  let wrote = false;
  const onProgress = (event: Progress): void => {
    const line = progressLine(event);
    if (line === null) return;
    write(line);
    wrote = true;
  };
  return { onProgress, say: () => false, end: async () => wrote };
}
