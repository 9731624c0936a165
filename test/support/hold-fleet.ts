import { crashFleet, type CrashFleet, type Order } from './crash-fleet.js';
import type { TestFleet } from './test-fleet.js';

/** Each case adds migrations, which every later one has to read: a fleet is given up before they are many. */
const MOST_CASES = 12;

/** The fleet that cases crash one after the other. */
export interface FleetHolder<F extends TestFleet> {
  readonly fleet: () => CrashFleet<F>;
  /** A failed case leaves a fleet that proves nothing: the next one gets another. */
  readonly use: (work: (crash: CrashFleet<F>) => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export async function holdFleet<F extends TestFleet>(
  start: () => Promise<F>,
  order: Order,
): Promise<FleetHolder<F>> {
  let crash = await crashFleet(await start(), order);
  let cases = 0;
  const renew = async (): Promise<void> => {
    await crash.fleet.close();
    crash = await crashFleet(await start(), order);
    cases = 0;
  };
  return {
    fleet: () => crash,
    async use(work) {
      if (cases >= MOST_CASES) await renew();
      cases += 1;
      try {
        await work(crash);
      } catch (error) {
        await renew();
        throw error;
      }
    },
    close: () => crash.fleet.close(),
  };
}
