import type { CommandSpec } from './command-spec.js';
import { DOCTOR_COMMAND } from './doctor-command.js';
import { FLEET_COMMANDS } from './fleet-commands.js';
import { INIT_COMMAND } from './init-command.js';
import { MIGRATION_COMMANDS } from './migration-commands.js';
import { SANDBOX_COMMANDS } from './sandbox-commands.js';
import { TENANT_COMMANDS } from './tenant-commands.js';

/** Every command, in the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  INIT_COMMAND,
  DOCTOR_COMMAND,
  ...FLEET_COMMANDS,
  ...TENANT_COMMANDS,
  ...MIGRATION_COMMANDS,
  ...SANDBOX_COMMANDS,
];

/** Words that begin a command of two words, and are none by themselves: `sandbox`, not `history`. */
export const GROUPS: readonly string[] = [
  ...new Set(COMMANDS.flatMap(({ name }) => (name.includes(' ') ? [name.split(' ')[0] ?? ''] : []))),
].filter((word) => !COMMANDS.some(({ name }) => name === word));

/** What may stand as the first word, a group once. */
export const FIRST_WORDS: readonly string[] = [
  ...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? '')),
];

/** The commands of a group, or, for an empty name, all. */
export function commandsOf(group: string): readonly CommandSpec[] {
  return group === '' ? COMMANDS : COMMANDS.filter(({ name }) => name.startsWith(`${group} `));
}
