import { lint, type LintOptions } from '../../../src/commands/lint/lint.js';
import type { LintReport } from '../../../src/report/lint.js';
import { withFolder, type Files } from '../migrations/folder.js';

/** `migrate lint` over the files of a project, typed in its folder. */
export const lintFolder = (
  files: Files,
  { hasVeneers = true, ...options }: Partial<LintOptions> & { readonly hasVeneers?: boolean } = {},
): Promise<LintReport> =>
  withFolder(files, (migrations, root) =>
    lint(
      { fleet: 'x', file: `${root}/shards.yaml`, migrations, hasVeneers },
      { names: [], failOn: 'error', typed: 'migrate lint', ...options },
      root,
    ),
  );
