import type { CommandSpec } from './command-spec.js';
import { SHARD } from './selection-flags.js';

/** `migrate doctor`. */
export const DOCTOR_COMMAND: CommandSpec = {
  name: 'doctor',
  summary: 'whether this machine and the servers are fit for setup and up, and what to do about it',
  description: [
    'Looks at every member: whether it is reached, its version, what its user may make, connections,',
    'prepared transactions and locks against what a run takes, extensions, settings, passwords and',
    'user mappings, clocks. What is not as it should be is spelled out, with the SQL, the setting or',
    'the command that helps; --json has all of it. Changes nothing, needs the right to read alone and',
    'no setup. Ends with 20 where setup, up or a way through a veneer would fail, not for a warning.',
  ],
  positionals: [],
  flags: [SHARD],
  examples: [
    { command: 'migrate doctor', text: 'before the first migrate setup' },
    { command: "migrate doctor --shard 'eu*'", text: 'the veneers, and some shards' },
    { command: 'migrate doctor --json', text: 'every check with what was found' },
  ],
};
