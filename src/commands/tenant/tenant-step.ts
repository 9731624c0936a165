import type { Config, ShardConfig, TenantConfig } from '../../config/config.js';
import { readSchemas } from '../../catalog/read-privileges.js';
import { EXIT, problemOf, VeneerError } from '../../errors.js';
import { forgetAttempts } from '../../protocol/step/commit.js';
import { tenantRow } from '../../protocol/history/history-rows.js';
import { withLane } from '../../protocol/lane/lane.js';
import { startPhaseClock } from '../../protocol/history/phase-clock.js';
import { runStep, type StepEnd } from '../../protocol/step/step.js';
import { tenantJob, type TenantPart, type TenantWork } from '../../protocol/tenants/tenant-job.js';
import { ident } from '../../postgres/identifiers.js';
import type { Session } from '../../postgres/session.js';
import { exposedSchemas, exposureOf } from '../../veneer/exposure/exposure.js';
import type { TenantState } from '../../report/tenant.js';
import type { RecordedRun } from '../common/recorded-run.js';

/** A database in which tenants come or go. */
export interface TenantPlace {
  readonly shard: ShardConfig;
  readonly tenants: readonly TenantConfig[];
}

interface Subject {
  readonly what: TenantWork['what'];
  readonly places: readonly TenantPlace[];
}

type Own = Omit<TenantWork, 'parts' | 'step' | 'onPhase' | 'what'>;

/** Runs one step that makes or drops tenants, with its progress and its page in history. Never throws. */
export async function runTenantStep(
  run: RecordedRun,
  { what, places }: Subject,
  work: (step: string) => Own,
): Promise<StepEnd> {
  const start = performance.now();
  const step = `${run.id}.1`;
  const clock = startPhaseClock();
  const shards = places.map(({ shard, tenants }) => ({
    shard: shard.name,
    steps: 1,
    tenants: tenants.length,
  }));
  run.onProgress({ type: 'planned', shards });
  const onPhase: TenantWork['onPhase'] = (phase, why) => {
    clock.note(phase, why);
    const reason = why === undefined ? {} : { why };
    for (const { shard, tenants } of shards)
      run.onProgress({ type: 'step', shard, migration: what, tenants, index: 1, of: 1, phase, ...reason });
  };
  const end = await withParts(run, places, [], async (parts): Promise<StepEnd> => {
    onPhase('running');
    try {
      return await runStep(run, tenantJob({ ...work(step), what, parts, step, onPhase }));
    } finally {
      for (const { lane } of parts) await forgetAttempts(lane);
    }
  }).catch((error: unknown): StepEnd => ({
    kind: 'failed',
    problem: problemOf(error),
    failures: [],
    attempts: 0,
  }));
  const ms = Math.round(performance.now() - start);
  const timing = clock.read();
  for (const { shard, tenants } of places) {
    run.onProgress({ type: 'shard ended', shard: shard.name, state: SHARD_STATE[end.kind], ms });
    run.history.add(tenantRow({ id: step, shard: shard.name, what, tenants, end, ...timing }));
  }
  return end;
}

/** A lane per place, all open at the same time. */
async function withParts<T>(
  run: RecordedRun,
  [place, ...rest]: readonly TenantPlace[],
  opened: readonly TenantPart[],
  work: (parts: readonly TenantPart[]) => Promise<T>,
): Promise<T> {
  if (place === undefined) return work(opened);
  const { shard, tenants } = place;
  return withLane(run, shard, new Map(), (lane) =>
    withParts(run, rest, [...opened, { lane, tenants }], work),
  );
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

/** Throws (exit 64). `name` is the key of no shard in shards.yaml. */
export const noSuchShard = (config: Config, name: string): VeneerError =>
  new VeneerError(`no shard of this fleet is called ${name}`, {
    exitCode: EXIT.usage,
    hint: `shards: ${[...config.servers.keys()].join(', ')}`,
  });
