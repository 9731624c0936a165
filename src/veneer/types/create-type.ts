import type { Expression } from '../../catalog/expressions/expression.js';
import { typeText, type DomainType, type RangeType, type UserType } from '../../catalog/types/type.js';
import { literal, qualified } from '../../postgres/identifiers.js';
import { attributeClause, collate } from './reconcile-composite.js';
import { checkClause } from './reconcile-domain.js';

/** Types that can be made by SQL alone. */
export type MadeType = Extract<UserType, { kind: 'enum' | 'domain' | 'composite' | 'range' }>;

/** Can it be made by SQL? Not a base type, and not what an extension brings. */
export const isMade = (type: UserType): type is MadeType =>
  type.extension === null && ['enum', 'domain', 'composite', 'range'].includes(type.kind);

/** CREATE TYPE or CREATE DOMAIN. Pure. */
export function createType(type: MadeType): string {
  const name = qualified(type);
  switch (type.kind) {
    case 'enum':
      return `CREATE TYPE ${name} AS ENUM (${type.labels.map(literal).join(', ')})`;
    case 'composite':
      return `CREATE TYPE ${name} AS (${type.attributes.map(attributeClause).join(', ')})`;
    case 'domain':
      return createDomain(name, type);
    case 'range':
      return `CREATE TYPE ${name} AS RANGE (${rangeOptions(type).join(', ')})`;
  }
}

const createDomain = (name: string, domain: DomainType): string =>
  [
    `CREATE DOMAIN ${name} AS ${typeText(domain.base)}${collate(domain.collation)}`,
    ...(domain.defaultExpression === null ? [] : [`DEFAULT ${domain.defaultExpression.sql}`]),
    ...(domain.notNull ? ['NOT NULL'] : []),
    ...domain.checks.map(checkClause),
  ].join(' ');

const rangeOptions = ({ subtype, opclass, collation, subtypeDiff, multirange }: RangeType): string[] =>
  Object.entries({
    SUBTYPE_OPCLASS: opclass,
    COLLATION: collation,
    SUBTYPE_DIFF: subtypeDiff,
    MULTIRANGE_TYPE_NAME: multirange,
  })
    .flatMap(([option, name]) => (name === null ? [] : [`${option} = ${qualified(name)}`]))
    .toSpliced(0, 0, `SUBTYPE = ${typeText(subtype)}`);

/** Do two servers mean the same by these, however each writes expressions? Before PostgreSQL 14 none tells of a multirange. Pure. */
export function isSameType(one: MadeType, other: MadeType): boolean {
  const [a, b] = [comparable(one), comparable(other)];
  const asked = a.kind === 'range' && b.kind === 'range' && a.multirange !== null && b.multirange !== null;
  const told = (type: MadeType): MadeType =>
    asked || type.kind !== 'range' ? type : { ...type, multirange: null };
  return createType(told(a)) === createType(told(b));
}

function comparable(type: MadeType): MadeType {
  if (type.kind !== 'domain') return type;
  const { defaultExpression, checks } = type;
  return {
    ...type,
    defaultExpression: defaultExpression === null ? null : keyOnly(defaultExpression),
    checks: checks.map(({ name, expression }) => ({ name, expression: keyOnly(expression) })),
  };
}

const keyOnly = ({ key }: Expression): Expression => ({ sql: key, key });
