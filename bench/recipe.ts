import type { UpReport } from '../src/report/up.js';
import { ident } from '../src/postgres/identifiers.js';
import type { BenchFleet } from './fleets/tenants.js';

/** What `ways/replay.js` sends: by shard, each step's statements on the shard and on the veneer. */
export interface Recipe {
  readonly veneer: string;
  /** So many lanes at a time. */
  readonly atOnce: number;
  readonly lanes: readonly { readonly url: string; readonly steps: readonly RecipeStep[] }[];
}

interface RecipeStep {
  readonly onShard: string;
  /** Empty where the step changed no definition. */
  readonly onVeneer: string;
}

/** As rollout.concurrency is, where nothing else is said. */
const AT_ONCE = 4;

/**
 * The same statements in the same transactions as a run of `migrate up` on a fleet alike: migrations as they stand in
 * their files, once per tenant, and the veneer's as the run reported them.
 */
export function recipeOf(
  report: UpReport,
  migrations: Readonly<Record<string, string>>,
  fleet: BenchFleet,
): Recipe {
  const sqlOf = (migration: string): string => {
    const sql = migrations[`${migration}.sql`];
    if (sql === undefined) throw new Error(`no migration ${migration}`);
    return sql;
  };
  return {
    veneer: fleet.urlOf('veneer'),
    atOnce: AT_ONCE,
    lanes: report.shards.map(({ shard, steps }) => ({
      url: fleet.urlOf(shard),
      steps: steps.map(({ migration, tenants, veneerStatements }) => ({
        onShard: (tenants ?? [])
          .map((tenant) => `SET LOCAL search_path TO ${ident(tenant)};\n${sqlOf(migration)}\n;`)
          .join('\n'),
        onVeneer: Object.values(veneerStatements).flat().join(';\n'),
      })),
    })),
  };
}
