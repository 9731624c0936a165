import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { EXIT } from '../../errors.js';
import type { InitFile, InitReport } from '../../report/init.js';
import { shellWord } from '../../shell-word.js';
import { tellingUnwritable, writeNewFile } from '../common/write-new-file.js';
import { planFiles, type FilePlan } from './project-files.js';
import { FLEET } from './project-text.js';

export interface InitOptions {
  /** As typed; the project is to be made there. */
  readonly folder: string;
  readonly dryRun: boolean;
}

/**
 * Makes the files of a new project. What is there stays as it is; done again it makes what is missing, also where it was cut short. Asks
 * no database. Throws (exit 20) for a place where that cannot be done, before anything is written.
 */
export async function init({ folder, dryRun }: InitOptions, cwd: string): Promise<InitReport> {
  const target = path.resolve(cwd, folder);
  const plans = await planFiles(target, new Date());
  if (!dryRun) for (const plan of plans) await carryOut(target, plan);
  const isNew = plans.some(({ file, todo }) => file === 'shards.yaml' && todo !== null);
  return {
    command: 'init',
    fleet: isNew ? FLEET : '',
    dryRun,
    folder,
    files: plans.map((plan) => ({ file: plan.file, state: stateOf(plan, dryRun) })),
    problems: [],
    notices: isNew ? [FILL_IN] : [],
    exitCode: EXIT.clean,
    next: nextOf(target, { folder, dryRun, cwd }),
  };
}

const FILL_IN =
  'describe your fleet in shards.yaml, and copy .env.example to .env and fill that in; migrate doctor tells what the servers lack';

async function carryOut(folder: string, plan: FilePlan): Promise<void> {
  if (plan.todo === null) return;
  const file = path.join(folder, plan.file);
  // Added by one write: there is the whole line or none.
  if (plan.todo === 'add') await tellingUnwritable(file, () => appendFile(file, plan.text));
  else await writeNewFile(file, plan.text);
}

function stateOf(plan: FilePlan, dryRun: boolean): InitFile['state'] {
  if (plan.todo === null) return plan.why;
  if (dryRun) return 'planned';
  return plan.todo === 'add' ? 'line added' : 'made';
}

function nextOf(target: string, { folder, dryRun, cwd }: InitOptions & { readonly cwd: string }): string {
  const isHere = target === path.resolve(cwd);
  if (dryRun) return isHere ? 'migrate init' : `migrate init ${shellWord(folder)}`;
  return isHere ? 'migrate setup' : `migrate --config ${shellWord(path.join(folder, 'shards.yaml'))} setup`;
}
