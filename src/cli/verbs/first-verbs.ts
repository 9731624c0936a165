import type { DoctorOptions } from '../../commands/doctor/doctor.js';
import type { InitOptions } from '../../commands/init/init.js';
import type { Flags } from '../words/flags.js';
import { usageError } from '../words/usage-error.js';

/** A command that comes before the others, with its options. */
export type FirstVerb =
  | { readonly command: 'init'; readonly options: InitOptions }
  | { readonly command: 'doctor'; readonly options: DoctorOptions };

/** Reads the options; `folder` may be empty. Throws (exit 64) where init is given a file of a project that is there. */
export function readFirstVerb(command: FirstVerb['command'], folder: string, flags: Flags): FirstVerb {
  if (command === 'doctor') return { command, options: { shards: [...flags.list('shard')] } };
  if (flags.one('config') !== null)
    throw usageError(
      'migrate init writes shards.yaml: --config names one that is there',
      'migrate init FOLDER',
    );
  return { command, options: { folder: folder === '' ? '.' : folder, dryRun: flags.isSet('dry-run') } };
}
