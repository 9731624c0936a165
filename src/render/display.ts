import type { OnProgress, Progress } from '../report/progress.js';
import { progressLine } from './progress-text.js';

/** Shows what a running command tells. It only shows: nothing waits for it, and nothing fails with it. */
export interface Display {
  readonly onProgress: OnProgress;
  /** Shows a sentence where the person looks; false where it has no place for one. */
  readonly say: (text: string) => boolean;
  /** Resolves when it has let go of the terminal; to true when it has shown anything that the report comes below. */
  readonly end: () => Promise<boolean>;
}

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
