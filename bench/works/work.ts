import type { Figures, Pair } from '../measure/pairs.js';

/** Something that is measured against something else on the same servers in the same run. */
export interface Work {
  /** As typed after `npm run bench --`. */
  readonly name: string;
  measure(options: WorkOptions): Promise<readonly Measured[]>;
}

export interface WorkOptions {
  readonly pairs: number;
  /** Sizes of fleets, in tenants. */
  readonly tenants: readonly number[];
  readonly say: (text: string) => void;
}

/** One row of the table. */
export interface Measured {
  readonly work: string;
  readonly against: string;
  /** How many tenants the fleet had. */
  readonly tenants: number;
  /** The median of the pairs' ratios. */
  readonly ratio: number;
  readonly aim: string;
  readonly pairs: readonly Pair[];
}

/** Prints what was measured once, and answers it. */
export function told(say: WorkOptions['say'], what: string, figures: Figures): Figures {
  const numbers = Object.entries(figures).map(([name, value]) => `${name} ${Math.round(value ?? NaN)}`);
  say(`  ${what}: ${numbers.join(', ')}`);
  return figures;
}
