import type { DomainCheck, DomainType } from '../../catalog/types/type.js';
import { ident } from '../../postgres/identifiers.js';

/** The statements that make a domain over the same base type the wanted one, in place. Pure. */
export function reconcileDomain(domain: string, present: DomainType, wanted: DomainType): string[] {
  const alter = (action: string): string => `ALTER DOMAIN ${domain} ${action}`;
  const fresh = wanted.defaultExpression;
  return [
    ...checkActions(present.checks, wanted.checks).map(alter),
    ...(present.notNull === wanted.notNull ? [] : [alter(`${wanted.notNull ? 'SET' : 'DROP'} NOT NULL`)]),
    ...(present.defaultExpression?.key === fresh?.key
      ? []
      : [alter(fresh === null ? 'DROP DEFAULT' : `SET DEFAULT ${fresh.sql}`)]),
  ];
}

/** A check that only changed its name is renamed. */
function checkActions(present: readonly DomainCheck[], wanted: readonly DomainCheck[]): string[] {
  const same = (a: DomainCheck, b: DomainCheck): boolean =>
    a.name === b.name && a.expression.key === b.expression.key;
  const left = present.filter((check) => !wanted.some((one) => same(one, check)));
  const missing = wanted.filter((check) => !present.some((one) => same(one, check)));
  const renames: (readonly [DomainCheck, DomainCheck])[] = [];
  for (const check of left) {
    const twin = missing.find(
      (one) =>
        one.expression.key === check.expression.key &&
        !present.some(({ name }) => name === one.name) &&
        !renames.some(([, to]) => to === one),
    );
    if (twin !== undefined) renames.push([check, twin]);
  }
  const dropped = left.filter((check) => !renames.some(([from]) => from === check));
  const added = missing.filter((check) => !renames.some(([, to]) => to === check));
  return [
    ...dropped.map(({ name }) => `DROP CONSTRAINT ${ident(name)}`),
    ...renames.map(([from, to]) => `RENAME CONSTRAINT ${ident(from.name)} TO ${ident(to.name)}`),
    ...added.map((check) => `ADD ${checkClause(check)}`),
  ];
}

/** A named CHECK as CREATE DOMAIN and ALTER DOMAIN write it. */
export const checkClause = ({ name, expression }: DomainCheck): string =>
  `CONSTRAINT ${ident(name)} CHECK (${expression.sql})`;
