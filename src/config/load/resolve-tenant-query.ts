import type { TenantQuery, TenantRow } from '../config.js';
import type { Path } from '../text/document.js';
import { didYouMean } from '../text/nearest.js';
import { filled, filledName } from './reading.js';
import type { Reading } from './reading.js';
import { resolveUrl } from './resolve-veneers.js';
import type { FleetFile } from '../schema/schema.js';
import type { Loose } from '../schema/validate.js';

/** Where a problem of the rows is told: nothing else of them stands in the file. */
export const QUERY: Path = ['tenants', 'query'];

/** Who is asked for the tenants; null where shards.yaml lists them. */
export function resolveTenantQuery(fleet: Loose<FleetFile>, reading: Reading): TenantQuery | null {
  if (!Object.hasOwn(fleet, 'tenants')) return null;
  // A misfit that was taken out left its key.
  if (fleet.tenants === undefined) return null;
  refuseLists(fleet, reading);
  const query = filledName(reading, QUERY, fleet.tenants.query, {}) ?? '';
  const at = ['tenants', 'url'];
  const written = fleet.tenants.url;
  if (written !== undefined) return { query, ...own(reading, at, written) };
  const [first] = reading.keysOf(['veneers']).toSorted();
  if (first === undefined)
    reading.refuse(at, 'expected a url of the database to ask, since this fleet has no veneer', 'key');
  return { query, url: null };
}

const own = (reading: Reading, at: Path, written: string): Pick<TenantQuery, 'url'> => ({
  url: resolveUrl(reading, at, filled(reading, at, written, {})).url,
});

/** Two sources would have to agree. */
function refuseLists(fleet: Loose<FleetFile>, reading: Reading): void {
  for (const shard of reading.keysOf(['shards'])) {
    if (fleet.shards?.[shard] !== undefined && Object.hasOwn(fleet.shards[shard], 'tenants'))
      reading.refuse(
        ['shards', shard, 'tenants'],
        'tenants.query says which tenants there are; leave this list, or the query, out',
        'key',
      );
  }
}

/** A row that names a shard of this fleet, with its place among the rows. */
export interface PlacedRow extends TenantRow {
  readonly number: number;
}

/** The rows by tenant, so that a query without ORDER BY gives one fleet; a row without its two names is noted. */
export function placedRows(reading: Reading, shards: readonly string[]): readonly PlacedRow[] {
  const rows = (reading.tenants ?? []).map((row, index) => ({ ...row, number: index + 1 }));
  const fitting = rows.filter(({ tenant, shard, number }) => {
    const problem = rowProblem(tenant, shard, shards);
    if (problem !== null) reading.refuse(QUERY, `row ${number}: ${problem}`);
    return problem === null;
  });
  return fitting.toSorted((a, b) =>
    a.tenant < b.tenant ? -1 : a.tenant > b.tenant ? 1 : a.number - b.number,
  );
}

function rowProblem(tenant: string, shard: string, shards: readonly string[]): string | null {
  if (tenant === '') return 'a tenant without a name';
  if (shards.includes(shard)) return null;
  return `tenant ${tenant} is said to be on shard ${JSON.stringify(shard)}, which this fleet has not${didYouMean(shard, shards)}`;
}
