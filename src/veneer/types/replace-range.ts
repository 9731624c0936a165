import type { RangeColumn } from '../../catalog/types/read-type-users.js';
import type { RangeType } from '../../catalog/types/type.js';
import { ident, qualified } from '../../postgres/identifiers.js';
import type { TypeChange, TypePlan } from './reconcile-types.js';

/**
 * The plan with the columns of ranges that are made anew led through text: no second range of the name fits beside the
 * old one, which goes only when no column has it. Nothing is read or written for a foreign table's column. Pure.
 */
export function aroundRanges(plan: TypePlan, columns: readonly RangeColumn[]): TypePlan {
  const before = plan.before.map((change): TypeChange => {
    const { made, oid } = change;
    const own = columns.filter(({ type }) => type === oid);
    if (made?.kind !== 'range' || own.length === 0) return change;
    return {
      ...change,
      columns: own,
      statements: [
        ...own.map((column) => alter(column, 'text', '')),
        ...change.statements,
        ...own.map((column) => backTo(column, made)),
      ],
    };
  });
  return { ...plan, before };
}

function backTo(column: RangeColumn, range: RangeType): string {
  const name = column.of === 'range' ? range : (range.multirange ?? range);
  const type = `${qualified(name)}${column.isArray ? '[]' : ''}`;
  // Local partitions have rows, whose text is read again; a foreign table refuses USING.
  return alter(column, type, column.kind === 'partitioned' ? ` USING ${ident(column.column)}::${type}` : '');
}

const alter = ({ kind, column, ...table }: RangeColumn, type: string, using: string): string =>
  `ALTER ${kind === 'foreign' ? 'FOREIGN TABLE' : 'TABLE'} ${qualified(table)} ALTER COLUMN ${ident(column)} TYPE ${type}${using}`;
