import type { ShardConfig } from '../../config/config.js';
import { allMembers } from '../../fleet/member.js';
import { EXIT, worst, type ExitCode, type Problem } from '../../errors.js';
import { ownOf } from './status-own.js';
import { entriesOf, onlyApplied, type LedgerEntry } from '../../migrations/ledger/ledger.js';
import { isRepeatable } from '../../migrations/migration-names.js';
import { makePlan, type Plan } from '../../migrations/plan/plan.js';
import { SQLSTATE } from '../../postgres/sqlstate.js';
import { byGrade, type Drift, type DriftGrade } from '../../report/drift/drift.js';
import { nextCommand } from '../../report/next-command.js';
import type {
  InDoubt,
  LastRun,
  MemberStatus,
  ShardStatus,
  StatusReport,
  TenantStatus,
} from '../../report/status.js';
import { driftOf, mappingStates } from './status-drift.js';
import { countSiblings } from './status-siblings.js';
import { writesOf } from './status-writes.js';
import { isAtWork, noticesOf } from './status-notices.js';
import type { StatusFacts } from './status-facts.js';

/** The status of a fleet from what was read; `failOn` is the best grade of drift that counts for the exit code. Pure. */
export function foldStatus(
  facts: StatusFacts,
  { failOn, problems: extraProblems }: { readonly failOn: DriftGrade; readonly problems: readonly Problem[] },
): StatusReport {
  const plan = planOf(facts);
  const drift = withVerified(driftOf(facts, plan), facts);
  const shards = facts.shards.map((shard) => shardStatus(facts, plan, shard, drift));
  const own = ownOf(facts, plan);
  const mappings = mappingStates(facts);
  const inDoubt = inDoubtOf(facts);
  const locked = lockedOf(facts);
  const problems = [
    ...facts.problems.values(),
    ...extraProblems,
    ...locked.problems,
    ...(facts.verified?.problems ?? []),
    ...[...facts.bounds.values()].flatMap((read) => read.problems).filter((one) => !isLock(one)),
  ];
  const base = { shards, own, drift, inDoubt, problems };
  const failing = drift.filter((one) => byGrade(one, { grade: failOn }) <= 0);
  const exitCode = exitOf(facts, { ...base, drift: failing });
  return {
    command: 'status',
    fleet: facts.config.fleet,
    ...base,
    mappings,
    siblings: countSiblings(facts.siblings, shards),
    verified: facts.verified?.compared ?? null,
    writes: writesOf(facts),
    members: membersOf(facts),
    lastRun: lastRunOf(facts),
    migrations: facts.migrations.map((migration) => migration.name),
    notices: [...noticesOf(facts, plan, mappings), ...locked.notices],
    exitCode,
    next: exitCode === EXIT.clean && drift.length === 0 ? null : nextOf(facts, exitCode, base),
  };
}

/** What IMPORT finds besides; a difference that the catalogs show already is told once. */
function withVerified(drift: readonly Drift[], { verified }: StatusFacts): readonly Drift[] {
  const keyOf = ({ kind, object, where }: Drift): string => JSON.stringify([kind, object, where.veneer]);
  const known = new Set(drift.map(keyOf));
  return [...drift, ...(verified?.drift ?? []).filter((one) => !known.has(keyOf(one)))];
}

function planOf({ config, shards, migrations, shardFacts, veneerFacts }: StatusFacts): Plan {
  const known = shards.filter((shard) => shardFacts.has(shard.name));
  const ledgers = new Map([
    ...[...veneerFacts].map(([name, { ledger }]) => [name, ledger ?? []] as const),
    ...[...shardFacts].map(([name, { ledger }]) => [name, ledger ?? []] as const),
  ]);
  return makePlan({
    direction: 'up',
    migrations,
    shards: known,
    veneers: config.veneers.filter(({ name }) => veneerFacts.has(name)),
    // What a selection leaves out is pending all the same.
    reach: { shards: new Set(known.map(({ name }) => name)), veneers: 'selected' },
    ledgers,
    outOfOrder: config.policy.outOfOrder,
    limit: { kind: 'all' },
  });
}

function shardStatus(
  facts: StatusFacts,
  plan: Plan,
  shard: ShardConfig,
  drift: readonly Drift[],
): ShardStatus {
  const read = facts.shardFacts.get(shard.name);
  const ledger = read?.ledger ? entriesOf(read.ledger, 'tenant') : null;
  const steps = plan.shards.find((one) => one.shard.name === shard.name)?.steps ?? [];
  const none: ReadonlyMap<string, LedgerEntry> = new Map();
  return {
    shard: shard.name,
    reachable: read !== undefined,
    tenants: shard.tenants.map((tenant): TenantStatus => {
      const applied = onlyApplied(ledger?.get(tenant.name) ?? none);
      return {
        tenant: tenant.name,
        schema: tenant.schema,
        applied: ledger === null ? null : applied.size,
        pending: steps.filter((step) => step.tenants.includes(tenant)).map((step) => step.migration.name),
        last: facts.migrations.findLast(({ name }) => !isRepeatable(name) && applied.has(name))?.name ?? null,
        drift: drift.filter(({ where }) => where.tenant === tenant.name).length,
      };
    }),
  };
}

/** One without an end is at work, or was killed: a run holds the lock from before its beginning is written until its end is. */
function lastRunOf(facts: StatusFacts): LastRun | null {
  if (facts.lastRun === null) return null;
  const { outcome, ...run } = facts.lastRun;
  return { ...run, state: outcome ?? (isAtWork(facts) ? 'running' : 'ended without a word') };
}

const inDoubtOf = ({ shardFacts, veneerFacts }: StatusFacts): InDoubt[] =>
  [
    ...[...shardFacts.values()]
      .filter(({ shard }) => !veneerFacts.has(shard.name))
      .map(({ shard, prepared }) => ({ member: shard.name, prepared })),
    ...[...veneerFacts.values()].map(({ name, prepared }) => ({ member: name, prepared })),
  ].flatMap(({ member, prepared }) =>
    prepared.map(({ gid, parsed, owner, age }) => ({
      member,
      step: parsed.step,
      gid,
      owner,
      ageSeconds: Math.round(age),
    })),
  );

function membersOf({
  config,
  shards,
  shardFacts,
  veneerFacts,
  problems,
  versions,
}: StatusFacts): MemberStatus[] {
  const member = (name: string, role: MemberStatus['role'], setUp: boolean): MemberStatus => {
    const version = versions.get(name);
    return {
      member: name,
      role,
      reachable: version !== undefined,
      setUp,
      version: version === undefined ? null : `${Math.floor(version / 10_000)}.${version % 10_000}`,
      problem: problems.get(name) ?? null,
    };
  };
  const selected = allMembers(config).filter(
    ({ name, veneer }) => veneer !== null || shards.some((shard) => shard.name === name),
  );
  return selected.map(({ name, role, shard, veneer }) => {
    const shows = veneer === null || (veneerFacts.get(name)?.servers.length ?? 0) > 0;
    const keeps = shard === null || !shardFacts.has(name) || shardFacts.get(name)?.ledger !== null;
    return member(name, role, versions.has(name) && shows && keeps);
  });
}

/** Members whose definitions another session locks: a step at work or in doubt explains it, anything else is a problem. */
function lockedOf(facts: StatusFacts): Pick<StatusReport, 'problems' | 'notices'> {
  const { shardFacts, veneerFacts } = facts;
  const members = [
    ...[...shardFacts.values()].flatMap(({ exposed, shard }) => (exposed === null ? [shard.name] : [])),
    ...[...veneerFacts.values()].flatMap(({ tables, name }) => (tables === null ? [name] : [])),
  ];
  const text = (member: string): string =>
    `${member}: another session locks a definition; nothing of ${member} was compared`;
  const bounds = [...facts.bounds.values()].flatMap((read) => read.problems).filter(isLock);
  const explained = inDoubtOf(facts).length > 0 || isAtWork(facts);
  if (explained)
    return { notices: [...members.map(text), ...bounds.map(({ message }) => message)], problems: [] };
  const problems = members.map((member) => ({
    message: text(member),
    exitCode: EXIT.unreachable,
    where: { member },
    hint: 'end the transaction that changes tables there, then run migrate status again',
  }));
  return { notices: [], problems: [...problems, ...bounds] };
}

const isLock = ({ sqlstate }: Problem): boolean => sqlstate === SQLSTATE.lockNotAvailable;

const isPending = ({ shards, own }: Pick<StatusReport, 'shards' | 'own'>): boolean =>
  own.some(({ pending }) => pending.length > 0) ||
  shards.some(({ tenants }) => tenants.some(({ pending }) => pending.length > 0));

type StatusBase = Pick<StatusReport, 'shards' | 'own' | 'drift' | 'inDoubt' | 'problems'>;

function exitOf(facts: StatusFacts, { shards, own, drift, inDoubt, problems }: StatusBase): ExitCode {
  const pending = isPending({ shards, own });
  return worst(
    ...problems.map((problem) => problem.exitCode),
    pending ? EXIT.pending : EXIT.clean,
    drift.length > 0 ? EXIT.drift : EXIT.clean,
    inDoubt.length > 0 && !isAtWork(facts) ? EXIT.inDoubt : EXIT.clean,
  );
}

function nextOf(facts: StatusFacts, exitCode: ExitCode, base: StatusBase): string | null {
  const { shards, drift, problems } = base;
  const notSetUp = shards.some(
    (shard) => shard.reachable && shard.tenants.some((tenant) => tenant.applied === null),
  );
  const lacksSetup = notSetUp || drift.some((one) => one.cure === 'migrate setup');
  return nextCommand({ exitCode, problems, lacksSetup, otherwise: cureOf(facts, base) });
}

function cureOf(facts: StatusFacts, { drift, shards, own }: StatusBase): string {
  if (facts.problems.size > 0) return 'migrate status';
  if (drift.some((one) => one.cure === 'migrate sync')) return 'migrate sync';
  // Where files and ledger disagree it would refuse: what settles that stands with it, and then this is to be typed again.
  const isRefused = drift.some(({ kind }) => kind === 'ledger');
  if (isPending({ shards, own }) && !isRefused) return 'migrate up';
  // What nobody's rule names may be somebody's: look before it is dropped.
  const prunable = drift.some((one) => one.cure.startsWith('migrate sync --prune'));
  return prunable ? 'migrate sync --prune --dry-run' : 'migrate status';
}
