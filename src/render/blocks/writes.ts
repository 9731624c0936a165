import { sharedLimits, type TableWrites } from '../../report/writes.js';
import type { Block } from './block.js';
import type { Style } from './style.js';
import { tableLines } from './table.js';
import { plural } from './words.js';

/** What INSERTs through the veneer suffer, tables of the same name in one line. */
export function writesBlock(writes: readonly TableWrites[], style: Style): Block {
  if (writes.length === 0) return [];
  const rows = sharedLimits(writes).map(({ table, tenants, column, effect, why }) => [
    { text: `  ${table}${column === null ? '' : `.${column}`}`, paint: style.yellow },
    { text: effect },
    { text: tenants.length === 0 ? '' : plural(tenants.length, 'tenant') },
    { text: why, paint: style.dim },
  ]);
  return [
    style.bold('INSERTs through the veneer:'),
    ...tableLines(rows, ['table', 'effect', 'tenants', 'why']),
  ];
}
