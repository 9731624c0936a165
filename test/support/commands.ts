import { fileURLToPath } from 'node:url';
import { BOOKSTORE_MIGRATIONS, copyMigrations } from '../../src/sandbox/bookstore-project.js';
import { baseline, type BaselineOptions } from '../../src/commands/ledger/baseline.js';
import { ledger, type LedgerOptions } from '../../src/commands/ledger/ledger.js';
import { plan, type PlanOptions } from '../../src/commands/plan/plan.js';
import { rehearse } from '../../src/commands/rehearse/rehearse.js';
import type { RehearseOptions } from '../../src/commands/rehearse/rehearse-options.js';
import { doctor } from '../../src/commands/doctor/doctor.js';
import { create, type CreateOptions } from '../../src/commands/create/create.js';
import { setup } from '../../src/commands/setup/setup.js';
import { recover, type RecoverOptions } from '../../src/commands/repair/recover.js';
import { status, type StatusOptions } from '../../src/commands/status/status.js';
import { why } from '../../src/commands/why/why.js';
import { sync, type SyncOptions } from '../../src/commands/repair/sync.js';
import { down, redo, type DownOptions } from '../../src/commands/migrate/down.js';
import { tenant, type TenantOptions } from '../../src/commands/tenant/tenant.js';
import { up, type UpOptions } from '../../src/commands/migrate/up.js';
import type { CommandContext } from '../../src/commands/common/context.js';
import { openFleetSource, type FleetSource } from '../../src/config/load/load-config.js';
import { leavingOut } from '../../src/fleet/leave-out.js';
import { readFleet, readMembers } from '../../src/fleet/ask-tenants.js';
import type { Config } from '../../src/config/config.js';
import type { RecoverReport, SetupReport, SyncReport } from '../../src/report/reports.js';
import type { StatusReport } from '../../src/report/status.js';
import type { UpReport } from '../../src/report/up.js';
import type { WhyReport } from '../../src/report/why.js';
import type { BaselineReport } from '../../src/report/baseline.js';
import type { LedgerReport } from '../../src/report/ledger.js';
import type { TenantReport } from '../../src/report/tenant.js';
import type { PlanReport } from '../../src/report/plan.js';
import type { RehearseReport } from '../../src/report/rehearse.js';
import type { DoctorReport } from '../../src/report/doctor.js';
import type { CreateReport } from '../../src/report/create.js';
import type { Progress } from '../../src/report/progress.js';
import type { TestFleet } from './test-fleet.js';

/** The commands as functions, on a test's fleet; nothing is printed. */
export interface Commands {
  config(): Promise<Config>;
  /** `shards`: globs. */
  doctor(shards?: readonly string[]): Promise<DoctorReport>;
  setup(options?: { readonly dryRun?: boolean }): Promise<SetupReport>;
  up(options?: Partial<UpOptions>): Promise<UpReport>;
  /** One migration, data may be lost, unless told otherwise. */
  down(options?: Partial<DownOptions>): Promise<UpReport>;
  redo(options?: Partial<DownOptions>): Promise<UpReport>;
  status(options?: Partial<StatusOptions>): Promise<StatusReport>;
  why(name: string): Promise<WhyReport>;
  sync(options?: Partial<SyncOptions>): Promise<SyncReport>;
  recover(options?: Partial<RecoverOptions>): Promise<RecoverReport>;
  baseline(options?: Partial<BaselineOptions>): Promise<BaselineReport>;
  ledger(action: LedgerOptions['action'], options?: Partial<LedgerOptions>): Promise<LedgerReport>;
  plan(options?: Partial<PlanOptions>): Promise<PlanReport>;
  rehearse(options?: Partial<RehearseOptions>): Promise<RehearseReport>;
  tenant(options: TenantOptions): Promise<TenantReport>;
  create(options: Partial<CreateOptions> & Pick<CreateOptions, 'name'>): Promise<CreateReport>;
  readonly events: Progress[];
}

/** `without`: veneers that are left out. */
export function commandsOn(
  fleet: Pick<TestFleet, 'dir'>,
  overrides: Partial<CommandContext> = {},
  without: readonly string[] = [],
): Commands {
  const events: Progress[] = [];
  const context: CommandContext = {
    onProgress: (event) => events.push(event),
    signal: new AbortController().signal,
    who: 'test@localhost',
    at: async () => undefined,
    ...overrides,
  };
  const source = (): FleetSource => leavingOut(openFleetSource({ cwd: fleet.dir, env: {} }), without);
  const config = (): Promise<Config> => readFleet(source(), context.who);
  const members = (): Promise<Config> => readMembers(source(), context.who);
  const all: UpOptions = { shards: [], tenants: [], limit: { kind: 'all' }, dryRun: false, canary: false };
  const last = { limit: { kind: 'count', count: 1 }, yes: true } as const;
  return {
    config,
    events,
    baseline: async (options = {}) =>
      baseline(
        await config(),
        {
          shards: [],
          tenants: [],
          source: { kind: 'pgmigrations', table: null },
          yes: false,
          typed: 'migrate baseline',
          ...options,
        },
        context,
      ),
    ledger: async (action, options = {}) =>
      ledger(
        await config(),
        { action, shards: [], tenants: [], yes: true, typed: 'migrate ledger', ...options },
        context,
      ),
    plan: async (options = {}) =>
      plan(
        await config(),
        { shards: [], tenants: [], exitCode: 'done', sqlFiles: null, ...options },
        context,
      ),
    rehearse: async (options = {}) =>
      rehearse(
        await config(),
        {
          shards: [],
          tenants: [],
          limit: { kind: 'all' },
          whom: 'shapes',
          offline: false,
          out: null,
          ...options,
        },
        context,
      ),
    tenant: async (options) => tenant(source(), options, context),
    create: async (options) =>
      create(await config(), { language: 'sql', scope: 'tenant', ...options }, context),
    doctor: async (shards = []) => doctor(await config(), { shards }, context),
    setup: async (options = {}) => setup(await config(), { dryRun: false, ...options }, context),
    up: async (options = {}) => up(await config(), { ...all, ...options }, context),
    down: async (options = {}) => down(await config(), { ...all, ...last, ...options }, context),
    redo: async (options = {}) => redo(await config(), { ...all, ...last, ...options }, context),
    status: async (options = {}) =>
      status(
        await config(),
        { shards: [], tenants: [], verify: false, failOn: 'cosmetic', ...options },
        context,
      ),
    why: async (name) => why(await config(), { name }, context),
    sync: async (options = {}) =>
      sync(await config(), { shards: [], tenants: [], dryRun: false, prune: false, ...options }, context),
    recover: async (options = {}) =>
      recover(await members(), { dryRun: false, watch: false, forget: [], ...options }, context, members),
  };
}

/** Copies the bookstore's migrations into the test's project. */
export async function useBookstore(fleet: TestFleet): Promise<void> {
  await copyMigrations(fileURLToPath(new URL('../..', import.meta.url)), fleet.dir, BOOKSTORE_MIGRATIONS);
}
