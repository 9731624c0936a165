import type { ShardConfig } from '../config/config.js';
import { allMembers } from '../fleet/member.js';
import { EXIT, worst, type ExitCode, type Problem } from '../errors.js';
import { ownOf } from './status-own.js';
import { entriesOf, onlyApplied, type LedgerEntry } from '../migrations/ledger.js';
import { isRepeatable } from '../migrations/migration-names.js';
import { interruptedText, makePlan, type Plan } from '../migrations/plan.js';
import type { Drift } from '../report/drift.js';
import type { InDoubt, MemberStatus, ShardStatus, StatusReport, TenantStatus } from '../report/reports.js';
import { driftOf } from './status-drift.js';
import { writesOf } from './status-writes.js';
import type { StatusFacts } from './status-facts.js';

/** The status of a fleet from what was read. Pure. */
export function foldStatus(facts: StatusFacts, extraProblems: readonly Problem[]): StatusReport {
  const plan = planOf(facts);
  const drift = withVerified(driftOf(facts, plan), facts);
  const shards = facts.shards.map((shard) => shardStatus(facts, plan, shard, drift));
  const own = ownOf(facts, plan);
  const inDoubt = inDoubtOf(facts);
  const locked = lockedOf(facts);
  const problems = [
    ...facts.problems.values(),
    ...extraProblems,
    ...locked.problems,
    ...(facts.verified?.problems ?? []),
  ];
  const base = { shards, own, drift, inDoubt, problems };
  const exitCode = exitOf(facts, base);
  return {
    command: 'status',
    fleet: facts.config.fleet,
    ...base,
    verified: facts.verified?.compared ?? null,
    writes: writesOf(facts),
    members: membersOf(facts),
    migrations: facts.migrations.map((migration) => migration.name),
    notices: [...begunNotices(facts, plan), ...noticesOf(facts), ...locked.notices],
    exitCode,
    next: nextOf(facts, exitCode, base),
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
  const explained = inDoubtOf(facts).length > 0 || isAtWork(facts);
  if (explained) return { notices: members.map(text), problems: [] };
  const problems = members.map((member) => ({
    message: text(member),
    exitCode: EXIT.unreachable,
    where: { member },
    hint: 'end the transaction that changes tables there, then run migrate status again',
  }));
  return { notices: [], problems };
}

/** A run holds its lock on every veneer; without veneers its shards tell. */
const isAtWork = ({ veneerFacts, shardFacts }: StatusFacts): boolean =>
  [...veneerFacts.values(), ...shardFacts.values()].some(({ runner }) => runner !== null);

function begunNotices(facts: StatusFacts, { interrupted }: Plan): string[] {
  const runner = isAtWork(facts) ? 'at work' : 'none';
  return interrupted.map((one) => interruptedText(one, runner));
}

function noticesOf(facts: StatusFacts): string[] {
  const { veneerFacts, shardFacts } = facts;
  const alone = facts.config.veneers.length > 0 ? [] : [...shardFacts.values()].slice(0, 1);
  const members = [
    ...veneerFacts.values(),
    ...alone.map(({ shard, runner }) => ({ name: shard.name, runner, mappings: [] })),
  ];
  return members.flatMap(({ name, runner, mappings }) => {
    const hidden = mappings.filter((mapping) => mapping.options === null);
    return [
      ...(runner === null
        ? []
        : [
            `a runner is at work on ${name} (${runner.application_name ?? `pid ${runner.pid}`}, since ${runner.since}): what is shown may be changing`,
          ]),
      ...(hidden.length === 0
        ? []
        : [`${name}: ${hidden.length} user mappings are not readable by this user, and were not compared`]),
    ];
  });
}

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

function nextOf(facts: StatusFacts, exitCode: ExitCode, { drift, shards, own }: StatusBase): string | null {
  if (exitCode === EXIT.clean) return null;
  if (exitCode === EXIT.inDoubt) return 'migrate recover';
  const notSetUp = shards.some(
    (shard) => shard.reachable && shard.tenants.some((tenant) => tenant.applied === null),
  );
  if (notSetUp || drift.some((one) => one.cure === 'migrate setup')) return 'migrate setup';
  if (facts.problems.size > 0) return 'migrate status';
  if (drift.some((one) => one.cure === 'migrate sync')) return 'migrate sync';
  const pending = isPending({ shards, own });
  if (pending) return 'migrate up';
  // What nobody's rule names may be somebody's: look before it is dropped.
  const prunable = drift.some((one) => one.cure.startsWith('migrate sync --prune'));
  return prunable ? 'migrate sync --prune --dry-run' : 'migrate status';
}
