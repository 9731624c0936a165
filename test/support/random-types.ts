/** A built-in type, a literal of it, and what may be computed from a column of it (null: nothing here). */
export interface RandomType {
  readonly type: string;
  readonly sample: string;
  /** The version that brought it, 0 where every supported one has it. */
  readonly since: number;
  readonly generated: { readonly type: string; readonly of: (column: string) => readonly string[] } | null;
  readonly collatable: boolean;
  /** Defaults: some that a veneer can evaluate, some that it must not. */
  readonly defaults: readonly string[];
}

type Options = Partial<Omit<RandomType, 'type' | 'sample'>>;

const of = (type: string, sample: string, options: Options = {}): RandomType => ({
  type,
  sample: `${sample}::${type}`,
  since: 0,
  generated: null,
  collatable: false,
  defaults: [`${sample}::${type}`],
  ...options,
});

const integers = { type: 'bigint', of: (c: string) => [`(${c})::bigint * 2`, `${c} + 3`, `CASE WHEN ${c} > 1 THEN 1 END`] }; // prettier-ignore
const numbers = {
  type: 'numeric',
  of: (c: string) => [`round((${c})::numeric, 1)`, `(${c} + 1)::numeric(9,3)`],
};
const texts = { type: 'text', of: (c: string) => [`lower(${c}::text)`, `${c} || 'é''"\\'`, `'x' || ${c}`] };
const moments = {
  type: 'timestamp',
  of: (c: string) => [`date_trunc('day', ${c})`, `${c} + '1 day'::interval`],
};
const zoned = { type: 'timestamp', of: (c: string) => [`${c} AT TIME ZONE 'utc'`, `timezone('CET', ${c})`] };
const dates = { type: 'numeric', of: (c: string) => [`EXTRACT(year FROM ${c})`, `date_part('month', ${c})`] };
const time = [
  'now()',
  'CURRENT_TIMESTAMP',
  "'2026-02-03 04:05:06+02'",
  'clock_timestamp()',
  "now() + '1 day'",
];
const string = ["'a'", `'O''Brien "x"; --'`, "''", 'current_user', "upper('a')"];

/** Every built-in type that a table can have, with and without modifiers. */
export const RANDOM_TYPES: readonly RandomType[] = [
  of('smallint', "'-3'", { generated: integers, defaults: ['1', '-1', '(random() * 9)::int'] }),
  of('integer', "'42'", { generated: integers, defaults: ['0', '-7', '(1 + 2)', 'pg_backend_pid()'] }),
  of('bigint', "'9223372036854775'", { generated: integers, defaults: ['9223372036854775807', '5'] }),
  of('numeric', "'1.5'", { generated: numbers, defaults: ['0', '1.50', '-2.5', "'NaN'", '1e30'] }),
  of('numeric(10,2)', "'12345.67'", { generated: numbers, defaults: ['0', '1.5', '-2'] }),
  of('numeric(3)', "'999'", { defaults: ['1'] }),
  of('real', "'1.1'", { defaults: ['0.5', "'Infinity'", '-1'] }),
  of('double precision', "'0.1'", { defaults: ['1', 'pi()', '-0.1'] }),
  of('money', "'12.34'"),
  of('"char"', "'x'"),
  of('character(3)', "'ab'", { collatable: true, defaults: ["'x'"] }),
  of('character varying', "'é \\ \"'", { collatable: true, generated: texts, defaults: string }),
  of('character varying(30)', "'abc'", { collatable: true, generated: texts, defaults: string }),
  of('text', "'名前'", { collatable: true, generated: texts, defaults: string }),
  of('name', "'n'", { defaults: ["'n'", 'current_schema()'] }),
  of('bytea', String.raw`'\x00ff'`),
  of('timestamp without time zone', "'2026-01-02 03:04:05.678'", { generated: moments, defaults: time }),
  of('timestamp(3) without time zone', "'infinity'", { generated: moments, defaults: ['LOCALTIMESTAMP(3)', "timezone('utc', now())"] }), // prettier-ignore
  of('timestamp with time zone', "'2026-01-02 03:04:05+06'", { generated: zoned, defaults: time }),
  of('timestamp(0) with time zone', "'epoch'", { generated: zoned, defaults: time }),
  of('date', "'2026-02-03'", { generated: dates, defaults: ['CURRENT_DATE', "'2026-02-03'", 'now()'] }),
  of('time(2) without time zone', "'01:02:03.45'", { defaults: ['LOCALTIME', "'10:00'"] }),
  of('time with time zone', "'01:02:03+04'", { defaults: ['CURRENT_TIME'] }),
  of('interval', "'1 year 2 days 03:04:05.6'", { defaults: ["'1 day'", "'P1Y'"] }),
  of('interval day to second(2)', "'1 day 02:03:04.56'"),
  of('interval year to month', "'1-2'"),
  of('boolean', "'t'", { defaults: ['true', 'false', '(1 = 1)'] }),
  of('point', "'(1,2)'"),
  of('polygon', "'((0,0),(1,1),(1,0))'"),
  of('circle', "'<(0,0),1>'"),
  of('box', "'(1,1),(0,0)'"),
  of('path', "'[(0,0),(1,1)]'"),
  of('lseg', "'[(0,0),(1,1)]'"),
  of('line', "'{1,2,3}'"),
  of('inet', "'10.0.0.1/8'", { defaults: ["'::1'", 'inet_client_addr()'] }),
  of('cidr', "'10.0.0.0/8'"),
  of('macaddr', "'08:00:2b:01:02:03'"),
  of('macaddr8', "'08:00:2b:01:02:03:04:05'"),
  of('bit(4)', "B'1010'", { defaults: ["B'1010'", "'0001'"] }),
  of('bit varying(7)', "B'101'"),
  of('bit varying', "B'1'"),
  of('tsvector', "'a:1 b:2'"),
  of('tsquery', "'a & b'"),
  of('uuid', "'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'", { defaults: ['gen_random_uuid()'] }),
  of('json', `'{"a": 1}'`, { defaults: ["'{}'", "json_build_object('a', 1)"] }),
  of('jsonb', `'{"a": [1]}'`, { defaults: ["'{}'", "'[]'"] }),
  of('jsonpath', "'$.a'"),
  of('int4range', "'[1,3)'"),
  of('numrange', "'(1.5,)'"),
  of('tstzrange', "'[2026-01-01 00:00+00,)'"),
  of('daterange', "'empty'"),
  of('int8multirange', "'{[1,3)}'", { since: 14 }),
  of('oid', "'1'"),
  of('xid8', "'7'"),
  of('pg_lsn', "'0/1'"),
  of('tid', "'(0,1)'"),
  of('pg_snapshot', "'1:1:'"),
  of('regtype', "'integer'"),
  of('regclass', "'pg_class'"),
  of('int2vector', "'1 2'"),
  of('integer[]', "'{1,NULL,3}'", { defaults: ["'{}'", 'ARRAY[1, 2]', 'ARRAY[]::int[]'] }),
  of('integer[][]', "'{{1},{2}}'"),
  of('text[]', `'{a,"b c",NULL}'`, { collatable: true, defaults: ["'{}'", "ARRAY['a', 'b']", 'ARRAY[current_user]'] }), // prettier-ignore
  of('numeric(4,1)[]', "'{1.5}'"),
  of('character varying(3)[]', "'{abc}'", { collatable: true, defaults: ["'{a}'"] }),
  of('timestamp(2) with time zone[]', "'{epoch}'"),
];

/** Names that break whoever does not quote, or counts characters for bytes. */
export const RANDOM_NAMES: readonly string[] = [
  'a',
  'b',
  'Mixed Case',
  'quo"te',
  'O\'Brien "x"; drop table y --',
  'select',
  'user',
  'ünïcödé 名前',
  'semi;colon',
  'dot.ted',
  'back\\slash',
  '$1 $$ %s',
  '{tenant}',
  'new\nline',
  ' space ',
  'pgveneer_0',
  '1st',
  'x'.repeat(63),
  'é'.repeat(31),
];
