import { writeSync } from 'node:fs';

/** What the output goes to. */
export interface Terminal {
  /** Where a person watches, and lines can be drawn over. */
  readonly isTty: boolean;
  readonly rows: number;
  readonly colours: boolean;
}

/** Looks at stdout and the environment: NO_COLOR (no-color.org) and FORCE_COLOR, as other tools do. */
export function readTerminal(noColor: boolean): Terminal {
  const { NO_COLOR = '', FORCE_COLOR = '', TERM = '' } = process.env;
  const isTty = process.stdout.isTTY && TERM !== 'dumb';
  const forced = FORCE_COLOR !== '' && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return {
    isTty,
    rows: process.stdout.rows ?? 0,
    colours: !noColor && NO_COLOR === '' && (isTty || forced),
  };
}

/**
 * Whoever reads our output may leave (`migrate status | head`), and the disk that it goes to may be full: what is written after
 * that is nobody's, and no run ends of it. Told once on stderr, but for a reader who left.
 */
export function surviveLostOutput(onLost: () => void): void {
  let isTold = false;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    onLost();
    if (error.code === 'EPIPE' || isTold) return;
    isTold = true;
    process.stderr.write(`${lostText(error)}\n`);
  });
  process.stderr.on('error', onLost);
}

const lostText = ({ message }: Error): string =>
  `error: stdout cannot be written: ${message}\n  hint: the command goes on, and its exit code tells how it ends`;

/** Gives the cursor back that the list of shards has hidden; at once, since the process is about to end. */
export function showCursor(): void {
  if (process.stdout.isTTY) writeSync(1, '\u001B[?25h');
}
