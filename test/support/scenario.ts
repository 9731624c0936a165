import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import type { CommandContext } from '../../src/commands/common/context.js';
import type { UpReport } from '../../src/report/up.js';
import { commandsOn, type Commands } from './commands.js';
import { freshFleet } from './fresh-fleet.js';
import { assertLikeImport } from './like-import.js';
import type { TestFleet } from './test-fleet.js';

/** A fleet for the tests of a file, and what most of them do with it. */
export interface Scenario {
  /** The fleet of the test that runs. */
  readonly fleet: TestFleet;
  readonly run: Commands;
  /** The same commands in other surroundings: held at a point, told to stop. */
  runWith(overrides: Partial<CommandContext>): Commands;
  /** Writes SQL as the next migration; answers its name. */
  write(sql: string): Promise<string>;
  /** Sets the fleet up and applies the SQL as its first migration. */
  start(sql: string): Promise<void>;
  /** Writes SQL as the next migration and applies it; the veneer must then be what IMPORT would make of the shards. */
  migrate(sql: string, except?: readonly string[]): Promise<UpReport>;
}

export interface ScenarioOptions {
  /** The text of shards.yaml for a fleet of this name. */
  readonly config?: (fleet: string) => string;
  /** One fleet for the whole file, whose tests leave it as they found it; left out: a fresh one for each test. */
  readonly shared?: boolean;
}

export function scenario({ config, shared = false }: ScenarioOptions = {}): Scenario {
  let fleet: TestFleet;
  let run: Commands;
  let count = 0;
  (shared ? beforeAll : beforeEach)(async () => {
    fleet = await freshFleet(config === undefined ? {} : { config });
    run = commandsOn(fleet);
    count = 0;
  });
  (shared ? afterAll : afterEach)(() => fleet.close());
  const write = async (sql: string): Promise<string> => {
    const name = `${String(++count).padStart(4, '0')}_change`;
    await fleet.writeMigration(`${name}.sql`, sql);
    return name;
  };
  const migrate: Scenario['migrate'] = async (sql, except = []) => {
    await write(sql);
    const report = await run.up();
    expect(report).toMatchObject({ problems: [], exitCode: 0 });
    await assertLikeImport(fleet, except);
    return report;
  };
  return {
    get fleet() {
      return fleet;
    },
    get run() {
      return run;
    },
    runWith: (overrides) => commandsOn(fleet, overrides),
    write,
    migrate,
    async start(sql) {
      expect(await run.setup()).toMatchObject({ problems: [], exitCode: 0 });
      await migrate(sql);
    },
  };
}
