import type { Problem } from '../../../src/errors.js';
import type { Drift } from '../../../src/report/drift/drift.js';
import type { StatusReport, TenantStatus } from '../../../src/report/status.js';
import type { UpReport, UpShard, UpStep } from '../../../src/report/up.js';

export const FAILURE: Problem = {
  message: 'relation "books" already exists',
  exitCode: 20,
  where: {
    member: 'shard2',
    tenant: 'cyberdyne',
    migration: '20260102_books',
    file: 'migrations/20260102_books.sql',
    line: 12,
    column: 8,
  },
  detail: 'statement: CREATE TABLE books (id int)',
  hint: 'drop it, or take it out of the migration',
  sqlstate: '42P07',
};

export const step = (migration: string, rest: Partial<UpStep> = {}): UpStep => ({
  migration,
  scope: 'tenant',
  direction: 'up',
  state: 'committed',
  tenants: ['acme'],
  ms: 41,
  attempts: 1,
  protocol: 'one server',
  locks: [],
  writes: [],
  windowMs: null,
  notAtOnce: [],
  veneerStatements: {},
  statements: [],
  ...rest,
});

export const upShard = (shard: string, rest: Partial<UpShard> = {}): UpShard => ({
  shard,
  state: 'done',
  tenants: ['acme'],
  steps: [],
  problem: null,
  skipped: [],
  ...rest,
});

/** As `up` has it: each migration once. */
const orderOf = (shards: readonly UpShard[]): UpReport['order'] => {
  const steps = shards.flatMap((shard) => shard.steps);
  return [...new Set(steps.map(({ migration }) => migration))].map((migration) => ({
    migration,
    scope: 'tenant',
    direction: 'up',
  }));
};

export const upReport = (shards: readonly UpShard[], rest: Partial<UpReport> = {}): UpReport => ({
  command: 'up',
  fleet: 'bookstore',
  exitCode: 0,
  next: null,
  problems: [],
  notices: [],
  dryRun: false,
  run: 'r1',
  settled: [],
  shards,
  veneerSteps: [],
  hooks: [],
  order: orderOf(shards),
  ms: 1234,
  ...rest,
});

export const tenant = (name: string, rest: Partial<TenantStatus> = {}): TenantStatus => ({
  tenant: name,
  schema: name,
  applied: 2,
  pending: [],
  last: '20260102_books',
  drift: 0,
  ...rest,
});

export const statusReport = (rest: Partial<StatusReport> = {}): StatusReport => ({
  command: 'status',
  own: [],
  fleet: 'bookstore',
  exitCode: 0,
  next: null,
  problems: [],
  notices: [],
  members: [
    { member: 'veneer', role: 'veneer', reachable: true, setUp: true, version: '17.2', problem: null },
    { member: 'shard1', role: 'shard', reachable: true, setUp: true, version: '17.2', problem: null },
  ],
  shards: [{ shard: 'shard1', reachable: true, tenants: [tenant('acme')] }],
  drift: [],
  mappings: [],
  siblings: { alike: 0, behind: 0, odd: 0, absent: 0, unread: 0 },
  inDoubt: [],
  writes: [],
  verified: null,
  lastRun: null,
  migrations: ['20260101_authors', '20260102_books'],
  ...rest,
});

export const drift = (grade: Drift['grade'], object: string): Drift => ({
  kind: 'missing column',
  grade,
  where: { veneer: 'veneer', shard: 'shard2', tenant: 'cyberdyne' },
  object,
  text: 'the shard has it, the veneer does not',
  consequence: 'readers do not see it',
  cure: 'migrate sync',
});
