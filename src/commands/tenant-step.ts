import type { Config, ShardConfig, TenantConfig } from '../config/config.js';
import { readSchemas } from '../catalog/read-privileges.js';
import { EXIT, problemOf, VeneerError } from '../errors.js';
import { forgetAttempts } from '../protocol/commit.js';
import { tenantRow } from '../protocol/history-rows.js';
import { withLane, type Lane } from '../protocol/lane.js';
import { startPhaseClock } from '../protocol/phase-clock.js';
import { runStep, type StepEnd } from '../protocol/step.js';
import { tenantJob, type TenantWork } from '../protocol/tenant-job.js';
import { ident } from '../postgres/identifiers.js';
import type { Session } from '../postgres/session.js';
import { exposedSchemas, exposureOf } from '../veneer/exposure.js';
import type { TenantState } from '../report/tenant.js';
import type { RecordedRun } from './recorded-run.js';

type Subject = Pick<TenantWork, 'what' | 'tenants'> & { readonly shard: ShardConfig };
type Own = Omit<TenantWork, 'lane' | 'step' | 'onPhase' | keyof Subject>;

/** Runs one step that makes or drops tenants, with its progress and its page in history. Never throws. */
export async function runTenantStep(
  run: RecordedRun,
  { shard, what, tenants }: Subject,
  work: (lane: Lane, step: string) => Own,
): Promise<StepEnd> {
  const start = performance.now();
  const step = `${run.id}.1`;
  const clock = startPhaseClock();
  run.onProgress({ type: 'planned', shards: [{ shard: shard.name, steps: 1, tenants: tenants.length }] });
  const end = await withLane(run, shard, new Map(), async (lane): Promise<StepEnd> => {
    const onPhase: TenantWork['onPhase'] = (phase, why) => {
      clock.note(phase, why);
      run.onProgress({
        type: 'step',
        shard: shard.name,
        migration: what,
        tenants: tenants.length,
        index: 1,
        of: 1,
        phase,
        ...(why === undefined ? {} : { why }),
      });
    };
    onPhase('running');
    try {
      return await runStep(run, tenantJob({ ...work(lane, step), what, tenants, lane, step, onPhase }));
    } finally {
      await forgetAttempts(lane.openSessions(), lane.settled);
    }
  }).catch((error: unknown): StepEnd => ({
    kind: 'failed',
    problem: problemOf(error),
    failures: [],
    attempts: 0,
  }));
  const ms = Math.round(performance.now() - start);
  run.onProgress({ type: 'shard ended', shard: shard.name, state: SHARD_STATE[end.kind], ms });
  run.history.add(tenantRow({ id: step, shard: shard.name, what, tenants, end, ...clock.read() }));
  return end;
}

const SHARD_STATE = {
  committed: 'done',
  failed: 'failed',
  interrupted: 'interrupted',
  'in doubt': 'in doubt',
} as const;

/** What became of the tenants of a step. */
export const stateAfter = ({ kind }: StepEnd, committed: 'added' | 'dropped'): TenantState =>
  kind === 'committed' ? committed : kind === 'in doubt' ? 'in doubt' : 'failed';

/** Schemas of a veneer that show these tenants and nothing else of the fleet. */
export function ownSchemasOn(config: Config, shard: ShardConfig, tenants: readonly TenantConfig[]): string[] {
  const others = config.shards.flatMap((one) => {
    const rest = one.tenants.filter(({ name }) => !tenants.some((tenant) => tenant.name === name));
    return exposedSchemas(exposureOf(config, { ...one, tenants: rest }));
  });
  return exposedSchemas(exposureOf(config, { ...shard, tenants })).filter(
    (schema) => !others.includes(schema) && schema !== 'public',
  );
}

/** DROP SCHEMA for those that are there and hold nothing; the others are somebody's. */
export async function emptySchemas(
  veneer: Session,
  schemas: readonly string[],
): Promise<{ readonly drops: string[]; readonly kept: string[] }> {
  const there = [...(await readSchemas(veneer, schemas))];
  const held = await veneer.query<{ schema: string }>(
    `SELECT DISTINCT n.nspname::text AS schema FROM pg_namespace n
       JOIN pg_depend d ON d.refclassid = 'pg_namespace'::regclass AND d.refobjid = n.oid AND d.deptype = 'n'
      WHERE n.nspname = ANY ($1::text[])`,
    [there],
  );
  const kept = held.map(({ schema }) => schema);
  const empty = there.filter((schema) => !kept.includes(schema));
  return { drops: empty.map((schema) => `DROP SCHEMA ${ident(schema)}`), kept };
}

/** Throws (exit 20) where a tenant is a database: nothing here makes or drops one. */
export function refuseDatabases({ tenantIs }: Config): void {
  if (tenantIs === 'schema') return;
  throw new VeneerError('tenants that are databases are not made or dropped by this command yet', {
    exitCode: EXIT.failed,
    hint: 'CREATE DATABASE, list the tenant, then migrate setup and migrate up; DROP DATABASE once it is not listed any more',
  });
}

export const noSuchShard = (config: Config, name: string): VeneerError =>
  new VeneerError(`no shard of this fleet is called ${name}`, {
    exitCode: EXIT.usage,
    hint: `shards: ${config.shards.map((shard) => shard.name).join(', ')}`,
  });
