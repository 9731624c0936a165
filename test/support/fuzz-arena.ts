import type { Model } from './fuzz-model.js';
import type { OwnFleet } from './own-fleet.js';
import type { TestFleet } from './test-fleet.js';

/** Where a schedule is played. */
export interface Arena {
  readonly fleet: TestFleet;
  /** The same fleet where its servers are the schedule's own. */
  readonly own: OwnFleet | null;
  /** Tells what happened to whoever reads about a failure. */
  readonly note: (line: string) => void;
  /** Servers that are down, to be started again after the run. */
  readonly down: Set<string>;
}

/** What the migrations written so far make of a tenant. */
export interface Written {
  readonly model: Model;
  /** Names of all migrations, the first one included. */
  readonly migrations: readonly string[];
  /** Those that note in fuzz.runs that they ran; one without a transaction may run twice. */
  readonly noting: readonly string[];
}

/** By number, whatever it is: schedules are made without knowing the fleet. */
export const memberAt = ({ fleet }: Arena, index: number): string =>
  fleet.servers[index % fleet.servers.length]!.name;
