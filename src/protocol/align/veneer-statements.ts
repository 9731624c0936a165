import { groupBy } from '../../group-by.js';
import type { Aligned } from '../group/gather.js';
import { sqlOf } from '../group/veneer-statement.js';
import type { VeneerStatements } from '../run/review.js';

/** The statements of a step by what they belong to, but for those of views over all tenants, which follow from the others. Pure. */
export const veneerStatements = (
  migration: string,
  aligned: readonly Aligned[],
): readonly VeneerStatements[] =>
  aligned.flatMap(({ veneer, statements }) =>
    [...statements].map(([shard, all]): VeneerStatements => {
      const ofTables = all.flatMap(({ sql, of }) => (of.kind === 'table' ? [{ sql, of }] : []));
      const bySchema = [...groupBy(ofTables, ({ of }) => of.remote.schema)];
      return {
        migration,
        shard,
        veneer: veneer.name,
        tables: new Map(bySchema.map(([schema, own]) => [schema, sqlOf(own)])),
        rest: sqlOf(all.filter(({ of }) => of.kind === 'other')),
      };
    }),
  );
