/** What became of an attempt that an earlier run left. */
export interface SettledAttempt {
  readonly step: string;
  readonly migration: string | null;
  readonly members: readonly string[];
  readonly ending: 'committed' | 'rolled back' | 'in doubt';
  /** Why it is in doubt, or which members lost it. */
  readonly detail: string | null;
  /** In doubt: what to do about it, where that is more than to bring its members back. */
  readonly hint: string | null;
}
