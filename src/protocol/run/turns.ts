/** One lane at a time on what the veneer's lanes share: schemas, shared types, extensions, partitioned tables. */
export interface Turns {
  /** Waits for the veneer's turn; answers how to give it back. */
  take(veneer: string): Promise<() => void>;
}

/**
 * Turns of one run. Shown: two transactions that make or change one schema, type or extension fail with 23505, 42710
 * or XX000 instead of waiting; so that a lane keeps its turn until its transaction on that veneer is settled. Veneers
 * are taken in the order of their names, so that no two lanes wait for each other.
 */
export function newTurns(): Turns {
  const last = new Map<string, Promise<void>>();
  return {
    take: async (veneer) => {
      const before = last.get(veneer) ?? Promise.resolve();
      let giveBack = (): void => undefined;
      last.set(veneer, new Promise((resolve) => (giveBack = resolve)));
      await before;
      return giveBack;
    },
  };
}

/** The turns that an attempt has taken. */
export interface HeldTurns {
  /** Of a veneer whose turn is held already nothing is taken again. */
  take(veneer: string): Promise<void>;
  giveBack(): void;
}

/** Turns for one attempt, none taken yet. */
export function holdTurns(turns: Turns): HeldTurns {
  const held = new Map<string, () => void>();
  return {
    take: async (veneer) => {
      if (!held.has(veneer)) held.set(veneer, await turns.take(veneer));
    },
    giveBack: () => {
      for (const give of held.values()) give();
      held.clear();
    },
  };
}
