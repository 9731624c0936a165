import { ident, literal } from '../../src/postgres/identifiers.js';
import { RANDOM_NAMES, RANDOM_TYPES, type RandomType } from './random-types.js';
import { randomUserTypes } from './random-user-types.js';

/** Numbers to choose by, as a property draws them: an operation, and what it works on. */
export type Choice = readonly [operation: number, first: number, second: number, third: number];

interface RandomColumn {
  name: string;
  type: RandomType;
  kind: 'plain' | 'stored' | 'virtual';
  /** The column that a generated one is made of. */
  source: string | null;
  notNull: 'no' | 'yes' | 'not valid';
}

interface RandomTable {
  name: string;
  kind: 'table' | 'partitioned';
  columns: RandomColumn[];
  views: string[];
  children: number;
}

/** What a shard holds, so that the next statement can be one that it takes. */
export interface RandomShard {
  /** Applies a choice to the model; the SQL of a migration that does the same, or null where it cannot be done. */
  readonly change: (choice: Choice) => string | null;
}

const pick = <T>(list: readonly T[], number: number): T => list[number % list.length]!;
const expressionOf = (type: RandomType, column: string, number: number): string =>
  pick(type.generated?.of(ident(column)) ?? [], number);

/** A model of one schema; `version` is the oldest major that is to run the SQL, `oldest` that of all servers. */
export function randomShard(version: number, oldest: number): RandomShard {
  const tables: RandomTable[] = [];
  let sequence = 0;
  const known = RANDOM_TYPES.filter(({ since }) => since <= oldest);
  // Half of the columns are of types for which there is something to compute or to leave out.
  const rich = known.filter(({ generated, defaults }) => generated !== null || defaults.length > 2);
  const builtIn = [...known, ...Array.from(known, (_, at) => pick(rich, at))];
  const own = randomUserTypes(known, { oldest });
  // As soon as there are types of one's own, every third column has one of them.
  const typeFor = (number: number): RandomType => {
    const made = number % 3 === 0 ? own.columnTypes() : [];
    return pick(made.length > 0 ? made : builtIn, Math.floor(number / 3));
  };
  const freeName = (number: number, taken: readonly string[]): string => {
    const name = RANDOM_NAMES.find((_, at) => !taken.includes(pick(RANDOM_NAMES, number + at)));
    const free = name === undefined ? undefined : RANDOM_NAMES.map((_, at) => pick(RANDOM_NAMES, number + at)).find((one) => !taken.includes(one)); // prettier-ignore
    return free ?? `n${++sequence}`;
  };
  const relationNames = (): string[] => tables.flatMap(({ name, views }) => [name, ...views]);
  const plainColumns = ({ columns }: RandomTable): RandomColumn[] =>
    columns.filter(({ kind }) => kind === 'plain');
  const column = (number: number, taken: readonly string[]): RandomColumn => ({
    name: freeName(Math.floor(number / 7), taken),
    type: typeFor(number),
    kind: 'plain',
    source: null,
    notNull: 'no',
  });
  const clause = ({ name, type }: RandomColumn, number: number): string => {
    const collation =
      type.collatable && number % 3 === 0 ? pick([' COLLATE "C"', ' COLLATE "POSIX"'], number) : '';
    const given = number % 2 === 0 ? ` DEFAULT (${pick(type.defaults, Math.floor(number / 2))})` : '';
    return `${ident(name)} ${type.type}${collation}${given}`;
  };
  const fill = ({ name, columns }: RandomTable): string => {
    const plain = columns.filter(({ kind }) => kind === 'plain');
    if (plain.length === 0) return `INSERT INTO ${ident(name)} DEFAULT VALUES`;
    return `INSERT INTO ${ident(name)} (${plain.map((one) => ident(one.name)).join(', ')}) VALUES (${plain.map(({ type }) => type.sample).join(', ')})`;
  };
  /** Whatever would refuse the change of a column: views over its table, and what is generated from it. */
  const clear = (table: RandomTable, source: string | null): string[] => {
    const views = table.views
      .splice(0)
      .map((view) => `DROP ${view.startsWith('m') ? 'MATERIALIZED ' : ''}VIEW ${ident(view)}`);
    const made = source === null ? [] : table.columns.filter((one) => one.source === source);
    table.columns = table.columns.filter((one) => !made.includes(one));
    return [...views, ...made.map((one) => `ALTER TABLE ${ident(table.name)} DROP ${ident(one.name)}`)];
  };

  const operations: readonly ((
    table: RandomTable,
    one: RandomColumn | undefined,
    a: number,
    b: number,
  ) => readonly string[] | null)[] = [
    // ADD COLUMN, two times as likely
    (table, _, a, b) => {
      const added = column(
        a,
        table.columns.map(({ name }) => name),
      );
      table.columns.push(added);
      return [`ALTER TABLE ${ident(table.name)} ADD ${clause(added, b)}`, fill(table)];
    },
    (table, _, a, b) => {
      const added = column(
        b,
        table.columns.map(({ name }) => name),
      );
      table.columns.push({ ...added, notNull: 'yes' });
      const given = pick(added.type.defaults, a);
      return [
        `ALTER TABLE ${ident(table.name)} ADD ${ident(added.name)} ${added.type.type} NOT NULL DEFAULT (${given})`,
      ];
    },
    // a generated column
    (table, one, a, b) => {
      const from = one?.type.generated ?? null;
      if (one === undefined || from === null || one.kind !== 'plain') return null;
      const generated = pick(builtIn, 0);
      const name = freeName(
        a,
        table.columns.map((other) => other.name),
      );
      const virtual = version >= 18 && b % 2 === 0;
      table.columns.push({ name, type: { ...generated, type: from.type }, kind: virtual ? 'virtual' : 'stored', source: one.name, notNull: 'no' }); // prettier-ignore
      const expression = expressionOf(one.type, one.name, b);
      return [`ALTER TABLE ${ident(table.name)} ADD ${ident(name)} ${from.type} GENERATED ALWAYS AS (${expression}) ${virtual ? 'VIRTUAL' : 'STORED'}`]; // prettier-ignore
    },
    // DROP EXPRESSION, SET EXPRESSION
    (table, one, a) => {
      const made = table.columns.find(({ kind }) => kind === 'stored');
      const source = table.columns.find(({ name }) => name === made?.source);
      if (made === undefined || source === undefined) return null;
      if (a % 2 === 0 && version >= 17) {
        const views = clear(table, null);
        return [...views, `ALTER TABLE ${ident(table.name)} ALTER ${ident(made.name)} SET EXPRESSION AS (${expressionOf(source.type, source.name, a)})`]; // prettier-ignore
      }
      const type = RANDOM_TYPES.find(({ type: other }) => made.type.type === other) ?? RANDOM_TYPES.find(({ type: other }) => other.startsWith(made.type.type))!; // prettier-ignore
      Object.assign(made, { kind: 'plain', source: null, type });
      return [`ALTER TABLE ${ident(table.name)} ALTER ${ident(made.name)} DROP EXPRESSION`];
    },
    // DROP COLUMN
    (table, one) => {
      if (one === undefined) return null;
      const before = clear(table, one.name);
      table.columns = table.columns.filter((other) => other !== one);
      return [...before, `ALTER TABLE ${ident(table.name)} DROP ${ident(one.name)}`];
    },
    // RENAME COLUMN, and two columns that swap their names
    (table, one, a) => {
      if (one === undefined) return null;
      const [was, name] = [
        one.name,
        freeName(
          a,
          table.columns.map((other) => other.name),
        ),
      ];
      for (const other of table.columns) if (other.source === was) other.source = name;
      one.name = name;
      return [`ALTER TABLE ${ident(table.name)} RENAME ${ident(was)} TO ${ident(name)}`];
    },
    (table, one, a) => {
      const other = pick(plainColumns(table), a);
      if (one === undefined || other === undefined || other === one) return null;
      const [was, becomes] = [one.name, other.name];
      for (const made of table.columns) {
        made.source = made.source === was ? becomes : made.source === becomes ? was : made.source;
      }
      [one.name, other.name] = [becomes, was];
      const rename = (from: string, to: string): string =>
        `ALTER TABLE ${ident(table.name)} RENAME ${ident(from)} TO ${ident(to)}`;
      return [rename(was, 'aside'), rename(becomes, was), rename('aside', becomes)];
    },
    // TYPE, with and without a rewrite
    (table, one, a, b) => {
      if (one?.kind !== 'plain') return null;
      const before = clear(table, one.name);
      const type = typeFor(a);
      one.type = type;
      const collation = type.collatable && b % 2 === 0 ? ' COLLATE "C"' : '';
      const name = ident(one.name);
      return [...before, `ALTER TABLE ${ident(table.name)} ALTER ${name} DROP DEFAULT, ALTER ${name} TYPE ${type.type}${collation} USING ${type.sample}`, ...(b % 3 === 0 ? [`ALTER TABLE ${ident(table.name)} ALTER ${name} SET DEFAULT (${pick(type.defaults, b)})`] : [])]; // prettier-ignore
    },
    // SET NOT NULL, validated or not; VALIDATE; DROP NOT NULL
    (table, one, _, b) => {
      if (one?.kind !== 'plain') return null;
      const [name, on] = [ident(one.name), ident(table.name)];
      const update = `UPDATE ${on} SET ${name} = ${one.type.sample} WHERE ${name} IS NULL`;
      if (one.notNull === 'yes') {
        one.notNull = 'no';
        return [`ALTER TABLE ${on} ALTER ${name} DROP NOT NULL`];
      }
      if (
        version >= 18 &&
        one.notNull === 'no' &&
        b % 2 === 0 &&
        table.kind === 'table' &&
        table.children === 0
      ) {
        one.notNull = 'not valid';
        return [`ALTER TABLE ${on} ADD CONSTRAINT ${ident(`nn${++sequence}`)} NOT NULL ${name} NOT VALID`];
      }
      const validated = `DO $do$ DECLARE c name; BEGIN SELECT conname INTO c FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1] WHERE conrelid = ${literal(on)}::regclass AND contype = 'n' AND attname = ${literal(one.name)}; EXECUTE format('ALTER TABLE %s VALIDATE CONSTRAINT %I', ${literal(on)}, c); END $do$`; // prettier-ignore
      const tighten =
        one.notNull === 'not valid' ? validated : `ALTER TABLE ${on} ALTER ${name} SET NOT NULL`;
      one.notNull = 'yes';
      return [update, tighten];
    },
    // SET and DROP DEFAULT
    (table, one, a, b) => {
      if (one?.kind !== 'plain') return null;
      const action = a % 3 === 0 ? 'DROP DEFAULT' : `SET DEFAULT (${pick(one.type.defaults, b)})`;
      return [`ALTER TABLE ${ident(table.name)} ALTER ${ident(one.name)} ${action}`];
    },
    // RENAME TABLE, and two tables that swap their names
    (table, _, a) => {
      const was = table.name;
      table.name = freeName(a, relationNames());
      return [`ALTER TABLE ${ident(was)} RENAME TO ${ident(table.name)}`];
    },
    (table, _, a) => {
      const other = pick(tables, a);
      if (other === table) return null;
      const [was, becomes] = [table.name, other.name];
      [table.name, other.name] = [becomes, was];
      const rename = (from: string, to: string): string =>
        `ALTER TABLE ${ident(from)} RENAME TO ${ident(to)}`;
      return [rename(was, 'aside'), rename(becomes, was), rename('aside', becomes)];
    },
    // views, children
    (table, _, a) => {
      const name = `${a % 2 === 0 ? 'mv' : 'v'} ${++sequence} "of" é`;
      table.views.push(name);
      return [
        `CREATE ${a % 2 === 0 ? 'MATERIALIZED ' : ''}VIEW ${ident(name)} AS SELECT * FROM ${ident(table.name)}`,
      ];
    },
    (table) => {
      if (table.kind !== 'table' || table.columns.some(({ notNull }) => notNull === 'not valid')) return null;
      table.children++;
      return [
        `CREATE TABLE ${ident(`child ${++sequence}`)} ("own column" int) INHERITS (${ident(table.name)})`,
      ];
    },
    // serial and identity, which no veneer can take over
    (table, _, a) => {
      const name = `id ${++sequence}`;
      const type = RANDOM_TYPES.find((one) => one.type === 'integer')!;
      if (table.kind === 'partitioned' || table.children > 0) return null;
      table.columns.push({ name, type, kind: 'virtual', source: null, notNull: 'yes' });
      const how = pick(
        ['serial', 'int GENERATED ALWAYS AS IDENTITY', 'bigint GENERATED BY DEFAULT AS IDENTITY'],
        a,
      );
      return [`ALTER TABLE ${ident(table.name)} ADD ${ident(name)} ${how}`];
    },
  ];

  const create = (a: number, b: number): string[] => {
    const columns: RandomColumn[] = [];
    for (let at = 0; at < a % 5; at++)
      columns.push(
        column(
          b + at * 13,
          columns.map(({ name }) => name),
        ),
      );
    const kind = a % 4 === 3 ? 'partitioned' : 'table';
    const table: RandomTable = { name: freeName(b, relationNames()), kind, columns, views: [], children: 0 };
    tables.push(table);
    const body = columns.map((one, at) => clause(one, b + at));
    if (kind === 'table') return [`CREATE TABLE ${ident(table.name)} (${body.join(', ')})`, fill(table)];
    return [
      `CREATE TABLE ${ident(table.name)} (${['"part key" int', ...body].join(', ')}) PARTITION BY LIST ("part key")`,
      `CREATE TABLE ${ident(`part ${++sequence}`)} PARTITION OF ${ident(table.name)} DEFAULT`,
      fill(table),
    ];
  };

  return {
    change([operation, first, second, third]) {
      if (operation % 4 === 0) return own.change(first, second, third)?.join(';\n') ?? null;
      const table = first % 7 === 0 ? undefined : tables[first % Math.max(1, tables.length)];
      if (table === undefined) return create(second, third).join(';\n');
      const one = pick(
        table.columns.filter(({ name }) => !name.startsWith('id ')),
        Math.floor(first / 5),
      );
      return pick(operations, operation)(table, one, second, third)?.join(';\n') ?? null;
    },
  };
}
