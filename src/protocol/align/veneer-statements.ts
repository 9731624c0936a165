import type { Aligned } from '../group/gather.js';
import type { VeneerStatements } from '../run/review.js';

/** The statements of a step, but for those that follow from the others, by what they belong to, for each veneer, those without any among them. Pure. */
export const veneerStatements = (
  migration: string,
  aligned: readonly Aligned[],
): readonly VeneerStatements[] =>
  aligned.flatMap(({ veneer, statements, changes, derived }) =>
    [...statements].map(([shard, all]): VeneerStatements => {
      const tables = new Map<string, readonly string[]>();
      const left = all.filter((sql) => !derived.includes(sql));
      for (const { remote, statements: own } of changes.get(shard) ?? []) {
        tables.set(remote.schema, [...(tables.get(remote.schema) ?? []), ...own]);
        for (const sql of own) left.splice(left.indexOf(sql), left.includes(sql) ? 1 : 0);
      }
      return { migration, shard, veneer: veneer.name, tables, rest: left };
    }),
  );
