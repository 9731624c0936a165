import { ident, literal } from '../../src/postgres/identifiers.js';
import { RANDOM_NAMES, type RandomType } from './random-types.js';

/** Types of one's own that a random history makes and changes; columns have them, or arrays of them. */
export interface RandomUserTypes {
  /** Those that a column may have now. */
  readonly columnTypes: () => readonly RandomType[];
  /** Makes another one, or changes one; null where that cannot be done. */
  readonly change: (a: number, b: number, c: number) => readonly string[] | null;
}

/** The majors of the servers: the oldest of all, since a veneer shows what a shard has. */
export interface Majors {
  readonly oldest: number;
}

interface UserType {
  name: string;
  readonly sample: () => string;
  /** May others be made of it? ALTER DOMAIN … ADD is refused where an array or a row in a table has the domain. */
  readonly isPart: boolean;
  readonly alter: (a: number, b: number) => readonly string[] | null;
}

const pick = <T>(list: readonly T[], number: number): T => list[number % list.length]!;

const freeOf = (number: number, taken: readonly string[]): string =>
  RANDOM_NAMES.map((_, at) => pick(RANDOM_NAMES, number + at)).find((name) => !taken.includes(name)) ??
  `n${number}`;

/** Checks that the sample passes; some that PostgreSQL 13 and 14 write in different ways. */
const BASES: readonly (readonly [type: string, sample: string, ...checks: string[]])[] = [
  ['integer', "'42'", 'VALUE > -1000', 'VALUE IN (42, 7)', 'VALUE BETWEEN 1 AND 50'],
  ['text', "'名前'", "VALUE <> 'no'", 'length(VALUE) < 100', "VALUE ~ '.' OR VALUE IS NULL"],
  ['character varying(30) COLLATE "C"', "'abc'", "VALUE < 'b'", 'char_length(VALUE) <= 30'],
  ['numeric(10,2)', "'1.5'", 'round(VALUE) < 1000000', 'VALUE::numeric(12,3) > -5'],
  ['date', "'2026-02-03'", 'EXTRACT(year FROM VALUE) > 1900', "VALUE > '1900-01-01'"],
  [
    'timestamp with time zone',
    "'2026-01-02 03:04:05+06'",
    "VALUE AT TIME ZONE 'utc' > '1900-01-01'",
    "date_part('month', VALUE) + 1 < 14",
  ],
];

export function randomUserTypes(builtIn: readonly RandomType[], { oldest }: Majors): RandomUserTypes {
  const types: UserType[] = [];
  let sequence = 0;
  /** No table has such a name, and with it a row type. */
  const newName = (a: number): string => {
    const name = `t ${pick(RANDOM_NAMES, a).slice(0, 20)}`;
    return types.some((type) => type.name === name) ? `t${++sequence}` : name;
  };
  const parts = (): readonly RandomType[] => [
    ...builtIn,
    ...types.filter(({ isPart }) => isPart).map(asColumn),
  ];
  const add = (type: UserType, sql: string): readonly string[] => {
    types.push(type);
    return [sql];
  };

  const makeEnum = (a: number, b: number): readonly string[] => {
    const name = newName(a);
    const labels = [{ text: pick(RANDOM_NAMES, b) }];
    labels.push({ text: freeOf(b + 1, labels.map(({ text }) => text)) }); // prettier-ignore
    // A label that is added may not be used in the same transaction: the first one is older.
    const [first] = labels;
    const alter = (c: number, d: number): readonly string[] => {
      const on = `ALTER TYPE ${ident(type.name)}`;
      const fresh = freeOf(d, labels.map(({ text }) => text)); // prettier-ignore
      const at = c % labels.length;
      const label = labels[at]!;
      const was = literal(label.text);
      if (c % 3 === 0) {
        label.text = fresh;
        return [`${on} RENAME VALUE ${was} TO ${literal(fresh)}`];
      }
      const after = d % 2;
      labels.splice(at + after, 0, { text: fresh });
      return [`${on} ADD VALUE ${literal(fresh)} ${after === 1 ? 'AFTER' : 'BEFORE'} ${was}`];
    };
    const type: UserType = {
      name,
      isPart: true,
      sample: () => `${literal(first!.text)}::${ident(type.name)}`,
      alter,
    };
    const list = labels.map(({ text }) => literal(text)).join(', ');
    return add(type, `CREATE TYPE ${ident(name)} AS ENUM (${list})`);
  };

  const makeDomain = (a: number, b: number): readonly string[] => {
    const name = newName(a);
    const single = parts().filter(({ type: other }) => !other.endsWith('[]'));
    const part = b % 3 === 0 ? pick(single, b) : null;
    const [base, value, ...known] = part === null ? pick(BASES, b) : [part.type, part.sample];
    const checks: string[] = [];
    const [first] = b % 2 === 0 ? known : [];
    if (first !== undefined) checks.push(`check ${++sequence}`);
    const isPart = b % 5 < 2;
    const sample = part === null ? (): string => value : (): string => part.sample;
    const alter = (c: number, d: number): readonly string[] | null => {
      const on = `ALTER DOMAIN ${ident(type.name)}`;
      const check = checks[d % Math.max(1, checks.length)];
      if (c % 4 === 0) return [`${on} ${d % 2 === 0 ? `SET DEFAULT ${sample()}` : 'DROP DEFAULT'}`];
      if (c % 4 === 1 && !isPart && known.length > 0) {
        const fresh = `check ${++sequence}`;
        checks.push(fresh);
        return [`${on} ADD CONSTRAINT ${ident(fresh)} CHECK (${pick(known, d)})`];
      }
      if (check === undefined) return null;
      checks.splice(checks.indexOf(check), 1);
      if (c % 4 === 2) return [`${on} DROP CONSTRAINT ${ident(check)}`];
      const renamed = `"${++sequence}`;
      checks.push(renamed);
      return [`${on} RENAME CONSTRAINT ${ident(check)} TO ${ident(renamed)}`];
    };
    const type: UserType = { name, isPart, sample: () => `(${sample()})::${ident(type.name)}`, alter };
    const clause = first === undefined ? '' : ` CONSTRAINT ${ident(checks[0]!)} CHECK (${first})`;
    return add(type, `CREATE DOMAIN ${ident(name)} AS ${base}${clause}`);
  };

  const makeComposite = (a: number, b: number): readonly string[] => {
    const name = newName(a);
    const attributes: { name: string; readonly type: RandomType }[] = [];
    const append = (c: number): string => {
      const type = pick(parts(), c);
      const free = freeOf(c, attributes.map((one) => one.name)); // prettier-ignore
      attributes.push({ name: free, type });
      return `${ident(free)} ${type.type}`;
    };
    const alter = (c: number, d: number): readonly string[] | null => {
      const on = `ALTER TYPE ${ident(type.name)}`;
      if (c % 3 === 0) return [`${on} ADD ATTRIBUTE ${append(d)}`];
      const one = pick(attributes, d);
      if (c % 3 === 1) {
        const was = ident(one.name);
        one.name = freeOf(d, attributes.map((other) => other.name)); // prettier-ignore
        return [`${on} RENAME ATTRIBUTE ${was} TO ${ident(one.name)}`];
      }
      if (attributes.length === 1) return null;
      attributes.splice(attributes.indexOf(one), 1);
      return [`${on} DROP ATTRIBUTE ${ident(one.name)}`];
    };
    const type: UserType = {
      name,
      isPart: true,
      sample: () => `ROW(${attributes.map((one) => one.type.sample).join(', ')})::${ident(type.name)}`,
      alter,
    };
    return add(type, `CREATE TYPE ${ident(name)} AS (${[append(b), append(b + 7)].join(', ')})`);
  };

  const makeRange = (a: number, b: number): readonly string[] => {
    const name = newName(a);
    const isMulti = oldest >= 14 && b % 2 === 0;
    const multi = `m${++sequence}`;
    const type: UserType = {
      name,
      isPart: true,
      sample: () => (isMulti ? `'{[1,3)}'::${ident(multi)}` : `'[1,3)'::${ident(type.name)}`),
      alter: () => null,
    };
    const known = oldest >= 14 ? `, multirange_type_name = ${ident(multi)}` : '';
    multiranges.set(type, isMulti ? multi : null);
    return add(
      type,
      `CREATE TYPE ${ident(name)} AS RANGE (subtype = ${pick(['int', 'numeric'], b)}${known})`,
    );
  };

  /** The name of the multirange that columns have instead of the range itself. */
  const multiranges = new Map<UserType, string | null>();

  function asColumn(type: UserType): RandomType {
    return {
      get type() {
        return ident(multiranges.get(type) ?? type.name);
      },
      get sample() {
        return type.sample();
      },
      get defaults() {
        return [type.sample()];
      },
      since: 0,
      generated: null,
      collatable: false,
    };
  }

  const arrayOf = (type: RandomType): RandomType => ({
    get type() {
      return `${type.type}[]`;
    },
    get sample() {
      return `ARRAY[${type.sample}, NULL]`;
    },
    get defaults() {
      return [`ARRAY[${type.sample}]`];
    },
    since: 0,
    generated: null,
    collatable: false,
  });

  const rename = (type: UserType, a: number): readonly string[] => {
    const was = ident(type.name);
    type.name = newName(a);
    return [`ALTER TYPE ${was} RENAME TO ${ident(type.name)}`];
  };

  return {
    columnTypes: () =>
      types.flatMap((type) => [asColumn(type), ...(type.isPart ? [arrayOf(asColumn(type))] : [])]),
    change(a, b, c) {
      const one = types[a % (types.length + 2)];
      if (one === undefined) return pick([makeEnum, makeDomain, makeComposite, makeRange], a)(b, c);
      // A range's constructors keep its old name, which another range could then not have.
      return b % 6 === 0 && !multiranges.has(one) ? rename(one, c) : one.alter(b, c);
    },
  };
}
