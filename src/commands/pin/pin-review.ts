import type { TenantConfig } from '../../config/config.js';
import { EXIT, VeneerError } from '../../errors.js';
import type { Review, VeneerStatements } from '../../protocol/run/review.js';
import { unlike, type NamePair } from './like-statement.js';
import type { Pin, PinnedStatements, PinnedTenant } from './pin.js';

/** The statements that a rehearsal ran on veneers, by migration and veneer, as a plan keeps them. Pure. */
export function pinStatements(
  done: readonly VeneerStatements[],
  tenants: readonly PinnedTenant[],
  mask: (text: string) => string,
): PinnedStatements[] {
  const byStep = new Map<string, PinnedStatements>();
  for (const { migration, shard, veneer, tables, rest } of done) {
    const key = JSON.stringify([migration, veneer]);
    const before = byStep.get(key) ?? { migration, veneer, tables: [], others: [] };
    const own = [...tables].map(([schema, statements]) => ({
      of: ownerOf(tenants, shard, schema),
      statements: statements.map(mask),
    }));
    const others = rest.map(mask).filter((sql) => !before.others.includes(sql));
    byStep.set(key, { ...before, tables: [...before.tables, ...own], others: [...before.others, ...others] });
  }
  return [...byStep.values()].filter(({ tables, others }) => tables.length + others.length > 0);
}

/** A tenant by its name; a schema that is no tenant's by its own, behind its shard. */
const ownerOf = (tenants: readonly PinnedTenant[], shard: string, schema: string): string =>
  tenants.find((one) => one.shard === shard && one.schema === schema)?.tenant ?? `${shard}: ${schema}`;

/**
 * What a step does on a veneer has to be what was rehearsed. For each of its tenants the foreign tables change exactly as
 * those of the tenant that was rehearsed in its place; and of what else is done there (types, parents, views) all was
 * rehearsed. Pure but for what it throws (exit 20).
 */
export const reviewOf =
  (pin: Pin, mask: (text: string) => string): Review =>
  (done, tenants) => {
    for (const one of done) {
      const step = pin.veneers.find(
        ({ migration, veneer }) => migration === one.migration && veneer === one.veneer,
      );
      const here = tenants.filter(({ name }) => livesIn(pin, one.shard, name));
      const found = differences(pin, step, one, here, mask);
      if (found.length > 0) throw otherThanReviewed(one, found);
    }
  };

const livesIn = ({ tenants }: Pin, member: string, name: string): boolean =>
  tenants.some(({ shard, tenant }) => shard === member && tenant === name);

function differences(
  pin: Pin,
  step: PinnedStatements | undefined,
  { shard, tables, rest }: VeneerStatements,
  tenants: readonly TenantConfig[],
  mask: (text: string) => string,
): string[] {
  const pairs = tenants.map(({ name }) => pairsFor(pin, shard, name));
  const actual = new Map(
    [...tables].map(([schema, own]) => [ownerOf(pin.tenants, shard, schema), own.map(mask)]),
  );
  const owners = new Set([...tenants.map(({ name }) => name), ...actual.keys()]);
  return [
    ...[...owners].flatMap((owner) => {
      const standIn = pin.tenants.find(({ tenant }) => tenant === owner)?.rehearsedAs ?? owner;
      const reviewed = (step?.tables ?? [])
        .filter((one) => one.of === standIn)
        .flatMap((one) => one.statements);
      const { more, less } = unlike(reviewed, actual.get(owner) ?? [], pairsFor(pin, shard, owner));
      return [
        ...more.map((sql) => `not rehearsed: ${sql}`),
        ...less.map((sql) => `rehearsed, and missing: ${sql}`),
      ];
    }),
    ...rest
      .map(mask)
      .filter((sql) =>
        [[], ...pairs].every((names) => unlike(step?.others ?? [], [sql], names).more.length > 0),
      )
      .map((sql) => `not rehearsed: ${sql}`),
  ];
}

/** From what the tenant that was rehearsed is called to what this one is. */
function pairsFor({ tenants }: Pin, shard: string, name: string): NamePair[] {
  const own = tenants.find((one) => one.shard === shard && one.tenant === name);
  const other = tenants.find((one) => one.shard === shard && one.tenant === own?.rehearsedAs);
  if (own === undefined || other === undefined || own === other) return [];
  return [
    [other.schema, own.schema],
    [other.tenant, own.tenant],
  ];
}

const otherThanReviewed = (
  { migration, veneer, shard }: VeneerStatements,
  found: readonly string[],
): VeneerError =>
  new VeneerError(`${migration} changes ${veneer} otherwise than the plan that was rehearsed`, {
    exitCode: EXIT.failed,
    where: { member: veneer, migration },
    detail: [
      `for ${shard}:`,
      ...found.slice(0, MOST),
      ...(found.length > MOST ? [`and ${found.length - MOST} more`] : []),
    ].join('\n'),
    hint: 'the step was rolled back: migrate rehearse --out FILE makes a new plan',
  });

const MOST = 10;
