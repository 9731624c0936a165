import { EXIT, worst, type Problem } from '../../errors.js';
import { labelOf } from '../../migrations/migration.js';
import type { Plan } from '../../migrations/plan/plan.js';
import type { Representative } from '../../migrations/plan/representatives.js';
import type { Rehearsal } from '../../protocol/rehearsal/rehearsal.js';
import { emptyStep } from '../../protocol/rehearsal/rehearsal-step.js';
import { nextCommand } from '../../report/next-command.js';
import type { MovedSequence, RehearseReport } from '../../report/rehearse.js';
import { writeNotices } from '../../report/writes.js';

/** What is known of a rehearsal from its beginning. */
export interface ReportFacts {
  readonly fleet: string;
  readonly run: string;
  /** performance.now() when the command began. */
  readonly start: number;
}

/** What a rehearsal has come to; one that ended early has less of it. */
export interface ReportParts {
  readonly plan?: Plan;
  readonly tenants?: readonly Representative[];
  readonly rehearsal?: Rehearsal;
  readonly moved?: readonly MovedSequence[];
  readonly problems: readonly Problem[];
  readonly notices?: readonly string[];
  readonly file?: string | null;
}

/** The report, with the exit code and the command to type next that follow. Pure but for the clock. */
export function rehearseReport(
  { fleet, run, start }: ReportFacts,
  { plan, tenants = [], rehearsal, moved = [], problems, notices = [], file = null }: ReportParts,
): RehearseReport {
  const steps = rehearsal?.steps.map(({ step }) => step) ?? plan?.order.map(emptyStep) ?? [];
  const exitCode = worst(EXIT.clean, ...problems.map((problem) => problem.exitCode));
  return {
    command: 'rehearse',
    fleet,
    run,
    tenants: tenants.map(({ tenant, standsFor }) => ({
      shard: tenant.shard,
      tenant: tenant.name,
      standsFor: standsFor.map(({ name }) => name),
    })),
    steps,
    moved,
    plan: file,
    problems,
    notices: [
      ...notices,
      ...alone(plan),
      ...steps.flatMap(({ migration, writes }) => writeNotices(migration, writes)),
      ...moved.map(
        ({ member, sequence }) => `${member}: sequence ${sequence} has moved, which no rollback takes back`,
      ),
    ],
    exitCode,
    next: nextCommand({ exitCode, problems, otherwise: goOn(problems, steps.length, file) }),
    ms: Math.round(performance.now() - start),
  };
}

const alone = (plan: Plan | undefined): string[] =>
  (plan?.order ?? [])
    .filter(({ transaction }) => transaction === 'none')
    .map(
      (migration) =>
        `${labelOf(migration)} runs without a transaction: it could not be rolled back, and was not rehearsed`,
    );

function goOn(problems: readonly Problem[], steps: number, file: string | null): string | null {
  if (problems.length > 0) return 'migrate rehearse';
  if (steps === 0) return null;
  return file === null ? 'migrate up' : `migrate up --plan ${file}`;
}
