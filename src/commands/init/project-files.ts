import path from 'node:path';
import { existingNames } from '../../migrations/files/existing-names.js';
import { newName } from '../../migrations/files/new-migration.js';
import { isFile, refuseFolder, textIn } from './look.js';
import { ENV_EXAMPLE, FIRST_MIGRATION, FIRST_NAME, SHARDS_YAML } from './project-text.js';

/** What is to become of a file of a project. */
export type FilePlan =
  | { readonly file: string; readonly todo: 'make' | 'add'; readonly text: string }
  | { readonly file: string; readonly todo: null; readonly why: 'there already' | 'left out' };

/**
 * What a project lacks, in the order in which it is to be made: shards.yaml last, so that whoever finds it finds the rest, and what was
 * cut short is finished by doing it again. Where it is there already its fleet is another one, of which nothing is known: a sample
 * migration would be applied to it. Reads only; throws (exit 20) for what cannot become a project.
 */
export async function planFiles(folder: string, now: Date): Promise<FilePlan[]> {
  await refuseFolder(folder);
  const migrations = path.join(folder, 'migrations');
  await refuseFolder(migrations);
  const hasFleet = await isFile(path.join(folder, 'shards.yaml'));
  const names = await existingNames(migrations);
  const own = async (file: string, text: string): Promise<FilePlan> => {
    if (await isFile(path.join(folder, file))) return { file, todo: null, why: 'there already' };
    return hasFleet ? { file, todo: null, why: 'left out' } : { file, todo: 'make', text };
  };
  return [
    await ignoring(folder),
    await own('.env.example', ENV_EXAMPLE),
    hasFleet || names.length > 0
      ? { file: 'migrations', todo: null, why: names.length > 0 ? 'there already' : 'left out' }
      : await own(`migrations/${newName(FIRST_NAME, now)}.sql`, FIRST_MIGRATION),
    await own('shards.yaml', SHARDS_YAML),
  ];
}

const FILE = '.gitignore';

/** Lines by which git ignores .env, as people write them. */
const IGNORING: readonly string[] = ['.env', '/.env', '**/.env', '*.env', '.env*', '/.env*'];

/** A line for .env, which holds passwords. */
async function ignoring(folder: string): Promise<FilePlan> {
  const target = path.join(folder, FILE);
  const text = await textIn(target);
  if (text.split('\n').some((line) => IGNORING.includes(line.trim())))
    return { file: FILE, todo: null, why: 'there already' };
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  return { file: FILE, todo: (await isFile(target)) ? 'add' : 'make', text: `${gap}.env\n` };
}
