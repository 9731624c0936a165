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
  /** Shards on which it did not commit, and is pending, though others did: what was in lock-step. */
  readonly behind: readonly string[];
}

/** Null where it committed wherever it was to. */
export const behindText = ({ behind }: SettledAttempt): string | null =>
  behind.length === 0
    ? null
    : `not on ${behind.join(', ')}, where it is pending: in lock-step shards commit one after the other`;
