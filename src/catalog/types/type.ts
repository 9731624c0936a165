import type { Expression } from '../expressions/expression.js';
import { qualified, type QualifiedName } from '../../postgres/identifiers.js';

/** A type of one's own where a column, an attribute or another type uses it. */
export interface TypeRef extends QualifiedName {
  /** Of the type itself, for an array of its element. */
  readonly oid: string;
  /** What follows the name: `[]`, `(3,2)`, both, or nothing. */
  readonly suffix: string;
  /** The extension that owns it. */
  readonly extension: string | null;
}

/** How a type is used: format_type under search_path pg_catalog, and the reference where it is one's own. */
export interface TypeUse {
  readonly text: string;
  readonly ref: TypeRef | null;
}

interface TypeHead extends QualifiedName {
  readonly oid: string;
  readonly extension: string | null;
}

export interface EnumType extends TypeHead {
  readonly kind: 'enum';
  /** In their order, which is the order of values. */
  readonly labels: readonly string[];
}

export interface DomainCheck {
  readonly name: string;
  readonly expression: Expression;
}

export interface DomainType extends TypeHead {
  readonly kind: 'domain';
  readonly base: TypeUse;
  /** Where it is not the base type's own, else null. */
  readonly collation: QualifiedName | null;
  readonly notNull: boolean;
  readonly defaultExpression: Expression | null;
  /** In the order of their names, in which PostgreSQL checks them; those that are validated. */
  readonly checks: readonly DomainCheck[];
}

export interface Attribute {
  readonly attnum: number;
  readonly name: string;
  readonly type: TypeUse;
  readonly collation: QualifiedName | null;
}

export interface CompositeType extends TypeHead {
  readonly kind: 'composite';
  readonly attributes: readonly Attribute[];
}

export interface RangeType extends TypeHead {
  readonly kind: 'range';
  readonly subtype: TypeUse;
  /** Where it is not the subtype's default, else null. */
  readonly opclass: QualifiedName | null;
  readonly collation: QualifiedName | null;
  readonly canonical: QualifiedName | null;
  readonly subtypeDiff: QualifiedName | null;
  /** Null before PostgreSQL 14. */
  readonly multirange: QualifiedName | null;
}

/** It comes and goes with its range. */
export interface MultirangeType extends TypeHead {
  readonly kind: 'multirange';
  readonly range: TypeUse;
}

/** What only C code or a table can make. */
export interface OtherType extends TypeHead {
  readonly kind: 'base type' | 'row type';
}

export type UserType = EnumType | DomainType | CompositeType | RangeType | MultirangeType | OtherType;

/** A use as SQL writes it: always quoted, so that it may be compared and run. */
export const typeText = ({ text, ref }: TypeUse): string =>
  ref === null ? text : `${qualified(ref)}${ref.suffix}`;

/** The types that a type is made of. */
export function partsOf(type: UserType): readonly TypeRef[] {
  const uses = usesOf(type);
  return uses.flatMap(({ ref }) => ref ?? []);
}

function usesOf(type: UserType): readonly TypeUse[] {
  switch (type.kind) {
    case 'domain':
      return [type.base];
    case 'composite':
      return type.attributes.map((attribute) => attribute.type);
    case 'range':
      return [type.subtype];
    case 'multirange':
      return [type.range];
    default:
      return [];
  }
}
