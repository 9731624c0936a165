import type { Config, TenantConfig } from '../../config/config.js';
import { EXIT, worst, type Problem } from '../../errors.js';
import { nextCommand } from '../../report/next-command.js';
import type { TenantLine, TenantReport, TenantState } from '../../report/tenant.js';

type ReportParts = Pick<TenantReport, 'action' | 'tenants' | 'problems'> &
  Partial<Pick<TenantReport, 'dryRun' | 'notices' | 'next' | 'exitCode'>>;

/** A report of these commands; its exit code is that of the worst problem, unless told otherwise. */
export const tenantReport = ({ fleet }: Config, parts: ReportParts): TenantReport => {
  const exitCode = worst(...parts.problems.map((problem: Problem) => problem.exitCode));
  return {
    command: 'tenant',
    fleet,
    dryRun: false,
    notices: [],
    next: nextCommand({ exitCode, problems: parts.problems, otherwise: null }),
    exitCode,
    ...parts,
  };
};

/** How a tenant stands; `version` and `pending` null: not known. */
export const tenantLine = (
  { name, shard, schema }: Omit<TenantConfig, 'schema'> & { readonly schema: string | null },
  state: TenantState,
  version: string | null = null,
  pending: number | null = null,
): TenantLine => ({ tenant: name, shard, schema, state, version, pending });

/** What a change of tenants came to, or would. */
export interface TenantChange extends Pick<TenantReport, 'dryRun' | 'problems' | 'notices' | 'tenants'> {
  readonly action: 'add' | 'drop';
}

/** The report of `tenant add` and `tenant drop`. */
export const changeReport = (config: Config, change: TenantChange): TenantReport => {
  const { problems } = change;
  const exitCode = worst(...problems.map((problem) => problem.exitCode));
  return tenantReport(config, {
    ...change,
    exitCode,
    next: nextCommand({
      exitCode,
      problems,
      unreachable: 'migrate tenant list',
      otherwise: exitCode === EXIT.clean ? null : 'migrate tenant list',
    }),
  });
};
