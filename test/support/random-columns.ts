/** Random changes of one table's columns beside its key, such that every INSERT of the key alone goes on to work. */
export interface RandomColumns {
  /** The next change: what stands behind ALTER TABLE. */
  change: (choice: readonly [number, number]) => string;
  /** Drops what is left. */
  dropAll: () => readonly string[];
}

interface Column {
  readonly name: string;
  readonly type: string;
  /** Every row has a value, and the default gives one to the next. */
  readonly filled: boolean;
}

const TYPES: readonly (readonly [type: string, value: string])[] = [
  ['int', '7'],
  ['text', "'it''s'"],
  ['numeric(8,2)', '1.25'],
  ['boolean', 'false'],
  ['date', "'2020-02-29'"],
  ['timestamptz', "'2020-02-29 12:00:00+00'"],
  ['uuid', "'00000000-0000-4000-8000-000000000000'"],
  ['int[]', "'{1,2}'"],
];

const WIDER: Readonly<Record<string, string>> = { int: 'bigint', 'numeric(8,2)': 'numeric(12,3)' };

/** `round` keeps the names of histories apart; `withTypes` also changes types. */
export function randomColumns(round: number, withTypes: boolean): RandomColumns {
  let columns: readonly Column[] = [];
  let count = 0;
  const newName = (): string => `Col ${round}.${++count}`;

  const add = (pick: number): string => {
    const [type, value] = TYPES[pick % TYPES.length] ?? ['int', '7'];
    const filled = pick % 3 > 0;
    const name = newName();
    columns = [...columns, { name, type, filled }];
    return `ADD COLUMN "${name}" ${type}${filled ? ` ${pick % 3 === 1 ? 'NOT NULL ' : ''}DEFAULT ${value}` : ''}`;
  };

  const replace = (column: Column, by: readonly Column[]): void => {
    columns = columns.flatMap((one) => (one === column ? by : [one]));
  };

  const changeOf = (column: Column, kind: number): string => {
    const { name, type, filled } = column;
    const value = TYPES.find(([one]) => one === type)?.[1] ?? '0';
    const wider = withTypes ? WIDER[type] : undefined;
    switch (kind) {
      case 0: {
        const renamed = newName();
        replace(column, [{ ...column, name: renamed }]);
        return `RENAME COLUMN "${name}" TO "${renamed}"`;
      }
      case 1:
        replace(column, []);
        return `DROP COLUMN "${name}"`;
      case 2:
        return `ALTER COLUMN "${name}" ${filled ? 'SET' : 'DROP'} NOT NULL`;
      case 3:
        return `ALTER COLUMN "${name}" DROP NOT NULL`;
      case 4:
        return `ALTER COLUMN "${name}" SET DEFAULT ${value}`;
      default:
        if (wider === undefined) return `ALTER COLUMN "${name}" SET DEFAULT ${value}`;
        replace(column, [{ ...column, type: wider }]);
        return `ALTER COLUMN "${name}" TYPE ${wider}`;
    }
  };

  return {
    change([which, pick]) {
      const column = columns[pick % Math.max(columns.length, 1)];
      return column === undefined || which % 3 === 0 ? add(pick) : changeOf(column, which % 6);
    },
    dropAll() {
      const all = columns.map(({ name }) => `DROP COLUMN "${name}"`);
      columns = [];
      return all;
    },
  };
}
