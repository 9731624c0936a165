import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import type { Figures } from './measure/pairs.js';
import type { Measured } from './works/work.js';

/** What was measured, on which machine and day: a row of bench/measured.json. */
export interface Row extends Measured {
  readonly machine: string;
  /** Year, month and day. */
  readonly on: string;
}

/** The latest of each row, kept with the repository: raw numbers of all pairs. */
const FILE = new URL('measured.json', import.meta.url);

export const readRows = async (): Promise<Row[]> => JSON.parse(await readFile(FILE, 'utf8')) as Row[];

/** In the order of those that there were, new ones behind what is like them. */
export function merged(known: readonly Row[], latest: readonly Row[]): Row[] {
  const rows = new Map([...known, ...latest].map((row) => [keyOf(row), row]));
  const works = [...new Set([...rows.values()].map(workOf))];
  return [...rows.values()].toSorted(
    (a, b) => works.indexOf(workOf(a)) - works.indexOf(workOf(b)) || a.tenants - b.tenants,
  );
}

export async function writeRows(rows: readonly Row[]): Promise<void> {
  const text = JSON.stringify(rows.map((row) => ({ ...row, pairs: row.pairs.map(rounded) })));
  await writeFile(FILE, await format(text, { parser: 'json', printWidth: 200 }));
}

const workOf = ({ work, against }: Row): string => `${work}, ${against}`;

const keyOf = (row: Row): string => `${workOf(row)}, ${row.tenants}`;

const rounded = ({ ours, theirs }: Row['pairs'][number]): Row['pairs'][number] => ({
  ours: tenths(ours),
  theirs: tenths(theirs),
});

const tenths = (figures: Figures): Figures =>
  Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      value === null ? null : Math.round(value * 10) / 10,
    ]),
  );
