/** Waits of lanes for each other: whoever changes what others look at says so, and they look again. */
export interface Changes {
  /** Resolves at the next change. What holds is to be looked at again afterwards, without another await between. */
  readonly next: () => Promise<void>;
  readonly tell: () => void;
}

export function newChanges(): Changes {
  const waiting = new Set<() => void>();
  return {
    next: () => new Promise((resolve) => void waiting.add(resolve)),
    tell: () => {
      const woken = [...waiting];
      waiting.clear();
      for (const wake of woken) wake();
    },
  };
}
