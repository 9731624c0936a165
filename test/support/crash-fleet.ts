import { FIRST, migrationText, preparation, type Kind } from './crash-migrations.js';
import { commandsOn, type Commands } from './commands.js';
import type { TestFleet } from './test-fleet.js';
import { bookstoreYaml } from './test-project.js';

/** A fleet that goes through many crashes: one more migration each, and every one counts itself in every tenant. */
export interface CrashFleet<F extends TestFleet = TestFleet> {
  readonly fleet: F;
  readonly commands: Commands;
  /** Names of those that have been added and count themselves, in order. */
  readonly counting: readonly string[];
  /** Names of all in the folder. */
  readonly migrations: readonly string[];
  /** Puts a migration of this kind into the folder, and applies what it needs. */
  add(kind: Kind): Promise<void>;
}

export type Order = 'one shard after the other' | 'shards side by side' | 'all shards in one step';

const ROLLOUT: Readonly<Record<Order, string>> = {
  'one shard after the other': 'rollout: { concurrency: 1,',
  'shards side by side': 'rollout: {',
  'all shards in one step': 'rollout: { atomic: fleet,',
};

/** A fleet that is set up and has the first migration; side by side is how shards are migrated unless told otherwise. */
export async function crashFleet<F extends TestFleet>(fleet: F, order: Order): Promise<CrashFleet<F>> {
  await fleet.writeConfig(bookstoreYaml(fleet.name).replace('rollout: {', ROLLOUT[order]));
  const commands = commandsOn(fleet);
  const counting: string[] = [];
  const migrations: string[] = [];
  const numbers = new Map<Kind, number>();
  const write = async (title: string, text: (name: string) => string): Promise<string> => {
    const name = `${String(migrations.length + 1).padStart(4, '0')}_${title.replaceAll(' ', '-')}`;
    await fleet.writeMigration(`${name}.sql`, text(name));
    migrations.push(name);
    return name;
  };
  const apply = async (): Promise<void> => {
    const { exitCode, problems } = await commands.up();
    if (exitCode !== 0) throw new Error(`not ready: ${JSON.stringify(problems)}`);
  };
  const setup = await commands.setup();
  if (setup.exitCode !== 0) throw new Error(`no setup: ${JSON.stringify(setup.problems)}`);
  await write('first', () => FIRST);
  await apply();
  return {
    fleet,
    commands,
    counting,
    migrations,
    async add(kind) {
      const number = (numbers.get(kind) ?? 0) + 1;
      numbers.set(kind, number);
      const needed = preparation(kind, number);
      if (needed !== null) {
        await write('prepare', () => needed);
        await apply();
      }
      counting.push(await write(kind, (name) => migrationText(kind, name, number)));
    },
  };
}

/** Each tenant with its shard. */
export const TENANTS: readonly (readonly [tenant: string, shard: string])[] = [
  ['bluth_co', 'shard1'],
  ['cyberdyne', 'shard2'],
  ['dunder_mifflin', 'shard2'],
  ['initech', 'shard3'],
];

export const MEMBERS: readonly string[] = ['veneer', 'shard1', 'shard2', 'shard3'];
