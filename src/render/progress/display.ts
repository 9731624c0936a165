import type { OnProgress } from '../../report/progress.js';

/** Shows what a running command tells. It only shows: nothing waits for it, and nothing fails with it. */
export interface Display {
  readonly onProgress: OnProgress;
  /** Shows a sentence where the person looks; false where it has no place for one. */
  readonly say: (text: string) => boolean;
  /** Resolves when it has let go of the terminal; to true when it has shown anything that the report comes below. */
  readonly end: () => Promise<boolean>;
}
