import { groupBy } from '../group-by.js';
import type { QualifiedName } from '../postgres/identifiers.js';
import type { WriteForecast, WriteLimit } from '../veneer/writes.js';

/** What INSERTs into a table suffer when they come through this veneer. */
export interface TableWrites extends WriteForecast {
  readonly shard: string;
  readonly veneer: string;
}

/** The same limit on tables of the same name, in however many tenants. */
export interface SharedLimit extends WriteLimit {
  /** The table's name with its schema where there is one alone, else without. */
  readonly table: string;
  readonly tenants: readonly string[];
}

/** As `display` of identifiers.ts, which would load pg: the renderers load no package. */
const display = ({ schema, name }: QualifiedName): string => `${schema}.${name}`;

/** Limits by table name, column and effect, in the order in which they came: a fleet's tenants are alike. Pure. */
export function sharedLimits(writes: readonly TableWrites[]): SharedLimit[] {
  const all = writes.flatMap(({ table, tenant, limits }) =>
    limits.map((limit) => ({ table, tenant, limit })),
  );
  const alike = groupBy(all, ({ table, limit }) =>
    JSON.stringify([table.name, limit.column, limit.effect, limit.why]),
  );
  return [...alike.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const tables = new Set(group.map(({ table }) => display(table)));
    return [
      {
        ...first.limit,
        table: tables.size === 1 ? display(first.table) : first.table.name,
        tenants: [...new Set(group.flatMap(({ tenant }) => tenant ?? []))],
      },
    ];
  });
}

/** One sentence for each limit that a migration brought. Pure. */
export const writeNotices = (migration: string, writes: readonly TableWrites[]): string[] =>
  sharedLimits(writes).map(({ table, tenants, ...limit }) => {
    const [first] = tenants;
    const where =
      tenants.length > 1 ? ` (${tenants.length} tenants)` : first === undefined ? '' : ` (${first})`;
    return `after ${migration}, INSERTs into ${table} through the veneer change${where}: ${limitText(limit)}`;
  });

/** `id must be given: an identity column, whose sequence is on the shard`. */
export const limitText = ({ column, effect, why }: WriteLimit): string =>
  `${column === null ? '' : `${column}: `}${effect}; ${why}`;
