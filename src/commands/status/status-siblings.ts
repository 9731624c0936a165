import type { ShapeLine } from '../../catalog/relations/read-shapes.js';
import type { Config, TenantConfig } from '../../config/config.js';
import type { Problem } from '../../errors.js';
import { memberOf } from '../../fleet/member.js';
import type { LedgerEntry } from '../../migrations/ledger/ledger.js';
import { isRepeatable } from '../../migrations/migration-names.js';
import { oddOnes, type OddOne } from '../../migrations/adopt/odd-ones.js';
import type { Session } from '../../postgres/session.js';
import { inOneGoWith } from '../../postgres/state-tables.js';
import type { Drift } from '../../report/drift/drift.js';
import { absentDrift, oddDrift } from '../../report/drift/drift-of-shards.js';
import { shapeDifferences, type Siblings } from '../../report/drift/shapes.js';
import type { ShardStatus } from '../../report/status.js';
import { unlessLocked, type ShardFacts } from './facts.js';
import { readAll } from './read-all.js';
import type { Readers } from '../common/readers.js';
import {
  ignoredTables,
  readLinesOf,
  readShapedTenants,
  type ShapedTenant,
} from '../common/shaped-tenants.js';

/** The tenants of all shards that can be read, selected or not, compared among themselves. */
export interface SiblingFacts {
  /** By name. */
  readonly tenants: ReadonlyMap<string, ShapedTenant>;
  readonly odd: readonly OddOne<ShapedTenant>[];
  readonly absent: readonly ShapedTenant[];
  /** By shape, of those that are to be told. */
  readonly lines: ReadonlyMap<string, readonly ShapeLine[]>;
}

/** Shapes whose differences are read; a fleet with more of them has no common shape to speak of. */
const MOST_SHAPES = 200;

/**
 * A fixed number of queries per shard; one whose definitions another session locks is left out, and one that cannot be read, which
 * is a problem.
 */
export async function readSiblings(
  config: Config,
  { sessionOf }: Readers,
  shardFacts: ReadonlyMap<string, ShardFacts>,
  problems: Map<string, Problem>,
): Promise<SiblingFacts> {
  const ignored = ignoredTables();
  const readable = config.shards.filter(
    ({ name }) => !problems.has(name) && shardFacts.get(name)?.exposed !== null,
  );
  const read = await readAll(readable, problems, (shard) => {
    const session = sessionOf(shard.name);
    return unlessLocked(() =>
      inOneGoWith(session, 'ledger', () => readShapedTenants(session, shard, ignored)),
    );
  });
  const tenants = readable.flatMap(({ name }) => read.get(name) ?? []);
  const { odd, absent } = compare(tenants);
  return {
    tenants: new Map(tenants.map((one) => [one.tenant.name, one])),
    odd,
    absent,
    lines:
      (await unlessLocked(() =>
        readExamples(odd, ignored, (tenant) => sessionOf(memberOf(config, tenant))),
      )) ?? new Map(),
  };
}

/** The lines of each shape that is odd, or that an odd one is compared with: of one tenant that has it. */
async function readExamples(
  odd: readonly OddOne<ShapedTenant>[],
  ignored: readonly string[],
  sessionOf: (tenant: TenantConfig) => Session,
): Promise<ReadonlyMap<string, readonly ShapeLine[]>> {
  const examples = new Map(
    odd.flatMap(({ one, sibling }) => [one, sibling]).map(({ shape, tenant }) => [shape ?? '', tenant]),
  );
  const told = [...examples].slice(0, MOST_SHAPES);
  const linesOf = await readLinesOf(
    told.map(([, tenant]) => tenant),
    ignored,
    sessionOf,
  );
  return new Map(told.map(([shape, tenant]) => [shape, linesOf(tenant)]));
}

/** Who is odd among those that have migrations, and who should be there and is not. Pure. */
function compare(tenants: readonly ShapedTenant[]): Pick<SiblingFacts, 'odd' | 'absent'> {
  const migrated = tenants.filter(({ ledger }) => ledger.size > 0);
  const absent = migrated.filter((one) => isAbsent(one, migrated));
  const gone = new Set(absent);
  const there = migrated.filter((one) => !gone.has(one));
  return { absent, odd: oddOnes(there, { history: historyOf, shape: ({ shape }) => shape }) };
}

/**
 * Is there nothing of a tenant that has migrations? Of an empty schema nobody can say so, unless another tenant has
 * something after these migrations, or some of them.
 */
const isAbsent = ({ schema, shape, ledger }: ShapedTenant, all: readonly ShapedTenant[]): boolean =>
  schema === 'missing' ||
  (shape === null &&
    all.some((other) => other.shape !== null && [...other.ledger.keys()].every((name) => ledger.has(name))));

/** What a tenant went through. Of a repeatable its text counts, too; an interrupted migration may have left anything. */
const historyOf = ({ ledger }: ShapedTenant): string =>
  JSON.stringify([...ledger.values()].map(entryKey).toSorted());

const entryKey = ({ migration, state, checksum }: LedgerEntry): string =>
  JSON.stringify([migration, state, isRepeatable(migration) ? checksum : '']);

/** Odd and absent ones of these tenants. What was made alike between two reads is not told. Pure. */
export function siblingDrift({ odd, absent, lines }: SiblingFacts, selected: ReadonlySet<string>): Drift[] {
  const isSelected = ({ tenant }: ShapedTenant): boolean => selected.has(tenant.name);
  const linesOf = ({ shape }: ShapedTenant): readonly ShapeLine[] => lines.get(shape ?? '') ?? [];
  const isRead = ({ shape }: ShapedTenant): boolean => lines.has(shape ?? '');
  return [
    ...odd
      .filter(({ one }) => isSelected(one))
      .flatMap(({ one, sibling }) => {
        const differences = shapeDifferences(linesOf(one), linesOf(sibling));
        if (differences.length === 0 && isRead(one) && isRead(sibling)) return [];
        return [oddDrift(one.tenant, sibling.tenant, differences)];
      }),
    ...absent
      .filter(isSelected)
      .map(({ tenant, ledger, schema }) => absentDrift(tenant, ledger.size, schema)),
  ];
}

/** How many of the selected tenants are what. Pure. */
export function countSiblings(facts: SiblingFacts, shards: readonly ShardStatus[]): Siblings {
  const odd = new Set(facts.odd.map(({ one }) => one.tenant.name));
  const absent = new Set(facts.absent.map(({ tenant }) => tenant.name));
  const stateOf = ({ tenant, pending }: ShardStatus['tenants'][number]): keyof Siblings => {
    if (!facts.tenants.has(tenant)) return 'unread';
    if (absent.has(tenant)) return 'absent';
    if (odd.has(tenant)) return 'odd';
    return pending.length > 0 ? 'behind' : 'alike';
  };
  const counts = { alike: 0, behind: 0, odd: 0, absent: 0, unread: 0 };
  for (const tenant of shards.flatMap(({ tenants }) => tenants)) counts[stateOf(tenant)]++;
  return counts;
}
