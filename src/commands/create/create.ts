import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Config } from '../../config/config.js';
import { EXIT, textOf, VeneerError } from '../../errors.js';
import { existingNames } from '../../migrations/files/existing-names.js';
import { newName, refuseEarlyName } from '../../migrations/files/new-migration.js';
import {
  builtInTemplate,
  templateFile,
  type NewLanguage,
  type NewScope,
} from '../../migrations/files/templates.js';
import { fieldOf } from '../../postgres/sqlstate.js';
import type { CreateReport } from '../../report/create.js';
import type { CommandContext } from '../common/context.js';
import { writeNewFile } from '../common/write-new-file.js';
import { readAppliedNames } from './applied-names.js';

export interface CreateOptions {
  /** As typed: words, with or without a number in front. */
  readonly name: string;
  readonly language: NewLanguage;
  readonly scope: NewScope;
}

/**
 * Writes the file of a new migration, from the project's template or the built-in one. Its name is the last of all
 * that are in the folder or, where the fleet can be reached, in a ledger: a colleague's branch may have applied one
 * whose file is not here. Overwrites nothing; reads databases only.
 */
export async function create(
  config: Config,
  options: CreateOptions,
  context: CommandContext,
): Promise<CreateReport> {
  const { language, scope } = options;
  const name = newName(options.name, new Date());
  refuseEarlyName(name, await existingNames(config.migrations));
  const { applied, notices } = await readAppliedNames(config, context);
  refuseEarlyName(name, applied);
  const folder = scope === 'tenant' ? config.migrations : path.join(config.migrations, scope);
  const target = path.join(folder, `${name}.${language}`);
  const template = await ownTemplate([folder, config.migrations], language);
  await writeNewFile(target, template?.text ?? builtInTemplate(language, scope));
  const relative = (file: string): string =>
    path.relative(path.dirname(config.file), file).split(path.sep).join('/');
  return {
    command: 'create',
    fleet: config.fleet,
    migration: name,
    scope,
    file: relative(target),
    template: template === null ? null : relative(template.path),
    problems: [],
    notices,
    exitCode: EXIT.clean,
    next: 'migrate up --dry-run',
  };
}

/** A scope's own template goes before that of the folder of migrations. */
async function ownTemplate(
  folders: readonly string[],
  language: NewLanguage,
): Promise<{ readonly path: string; readonly text: string } | null> {
  for (const folder of folders) {
    const file = path.join(folder, templateFile(language));
    const text = await readFile(file, 'utf8').catch((error: unknown) => {
      if (fieldOf(error, 'code') === 'ENOENT') return null;
      throw new VeneerError(`the template cannot be read: ${textOf(error)}`, {
        exitCode: EXIT.failed,
        where: { file },
        hint: 'check its rights, or remove it: there is a built-in one',
        cause: error,
      });
    });
    if (text !== null) return { path: file, text };
  }
  return null;
}
