/** Stops a command at a named point of the protocol until the test lets it go on. */
export interface Hold {
  readonly at: (point: string) => Promise<void>;
  /** Resolves when the command has come to the point. */
  readonly reached: Promise<void>;
  readonly release: () => void;
}

export function holdAt(held: string): Hold {
  const reached = signal();
  const released = signal();
  return {
    reached: reached.promise,
    release: released.fire,
    at: async (point) => {
      if (point !== held) return;
      reached.fire();
      await released.promise;
    },
  };
}

/** A promise that is resolved by a call. */
export function signal(): { readonly promise: Promise<void>; readonly fire: () => void } {
  let fire = (): void => undefined;
  const promise = new Promise<void>((resolve) => (fire = resolve));
  return { promise, fire: () => fire() };
}
