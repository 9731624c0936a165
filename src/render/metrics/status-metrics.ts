import { groupBy } from '../../group-by.js';
import { GRADES, type Drift } from '../../report/drift/drift.js';
import type { LastRun, StatusReport } from '../../report/status.js';
import { withoutUrls, mapStrings } from '../blocks/mask.js';
import { expositionOf, metric, type Metric, type Sample } from './exposition.js';
import { memberMetrics, shardMetrics } from './member-metrics.js';

/**
 * A status as metrics; `at` is when it was read. There are as many series as there are members, and kinds of drift between them:
 * tenants and tables are counted, never named. What is not known has no value, rather than a 0 that nobody has seen.
 */
export function statusMetrics(report: StatusReport, at: Date): string {
  const safe = mapStrings(report, withoutUrls);
  const metrics = [
    ...fleetMetrics(safe, at),
    ...memberMetrics(safe),
    ...shardMetrics(safe),
    ...driftMetrics(safe),
  ];
  return expositionOf(metrics.map((metric) => ofFleet(metric, safe.fleet)));
}

const ofFleet = (metric: Metric, fleet: string): Metric => ({
  ...metric,
  samples: metric.samples.map(({ labels, value }) => ({ labels: { fleet, ...labels }, value })),
});

const one = (value: number): readonly Sample[] => [{ labels: {}, value }];

const fleetMetrics = (
  { exitCode, migrations, siblings, lastRun }: StatusReport,
  at: Date,
): readonly Metric[] => [
  metric('status_timestamp_seconds', 'When this was read, in seconds since 1970.', one(at.getTime() / 1000)),
  metric(
    'status_exit_code',
    'The exit code of migrate status: 0 is clean, 10 pending, 11 drift.',
    one(exitCode),
  ),
  metric('migrations', 'Migrations in the folder.', one(migrations.length)),
  metric(
    'tenants_compared',
    'Tenants by how they compare with their siblings.',
    Object.entries(siblings).map(([state, value]) => ({ labels: { state }, value })),
  ),
  metric(
    'last_run_failed',
    'Did the run that began last fail, or end without a word? 0 also while it is at work, and where somebody ended it.',
    ofRun(lastRun, ({ state }) => Number(!NO_FAILURE.includes(state))),
  ),
  metric(
    'last_run_timestamp_seconds',
    'When it began, in seconds since 1970.',
    ofRun(lastRun, ({ began }) => Date.parse(began) / 1000),
  ),
];

const NO_FAILURE: readonly LastRun['state'][] = ['done', 'running', 'interrupted', 'stopped'];

const ofRun = (run: LastRun | null, valueOf: (run: LastRun) => number): readonly Sample[] =>
  run === null ? [] : [{ labels: { command: run.command }, value: valueOf(run) }];

/** Could anything be compared? Where all shards or all veneers are away, no difference is found. */
function isCompared({ members }: StatusReport): boolean {
  const isRead = (role: string): boolean => {
    const such = members.filter((member) => member.role.includes(role));
    return such.length === 0 || such.some(({ reachable }) => reachable);
  };
  return isRead('shard') && isRead('veneer');
}

function driftMetrics(report: StatusReport): readonly Metric[] {
  const { drift } = report;
  const grades = isCompared(report)
    ? GRADES
    : GRADES.filter((grade) => drift.some((found) => found.grade === grade));
  const groups = groupBy(drift, (found) => JSON.stringify(labelsOf(found)));
  return [
    metric(
      'drift_grade',
      'Differences between veneers and shards by grade, of all that answers.',
      grades.map((grade) => ({
        labels: { grade },
        value: drift.filter((found) => found.grade === grade).length,
      })),
    ),
    metric(
      'drift',
      'Differences between veneers and shards, where there are any.',
      [...groups.values()].flatMap((group) =>
        group.slice(0, 1).map((found) => ({ labels: labelsOf(found), value: group.length })),
      ),
    ),
  ];
}

const labelsOf = ({ grade, kind, where }: Drift): Sample['labels'] => ({
  veneer: where.veneer ?? '',
  shard: where.shard ?? where.member ?? '',
  grade,
  kind,
});
