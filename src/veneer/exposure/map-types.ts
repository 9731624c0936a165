import type { Expression } from '../../catalog/expressions/expression.js';
import { renameInExpression } from '../../catalog/expressions/expression-names.js';
import type { Column } from '../../catalog/relations/relation.js';
import { typeText, type TypeRef, type TypeUse, type UserType } from '../../catalog/types/type.js';
import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';

/** What a type is called somewhere else. */
export type TypeNaming = (type: QualifiedName & { readonly extension: string | null }) => QualifiedName;

/** Types under the names that `naming` gives them, wherever one is named: in references and in expressions. Pure. */
export function mapTypes(types: readonly UserType[], naming: TypeNaming): UserType[] {
  const names = new Map(types.map((type) => [nameKey(type), nameIn(naming, type)]));
  const inText = (expression: Expression): Expression => renameInExpression(expression, names);
  return types.map((type) => ({ ...mapBody(type, naming, inText), ...nameIn(naming, type) }));
}

function mapBody(
  type: UserType,
  naming: TypeNaming,
  inText: (expression: Expression) => Expression,
): UserType {
  const use = (one: TypeUse): TypeUse => ({
    ...one,
    ref: one.ref === null ? null : mapRef(one.ref, naming),
  });
  switch (type.kind) {
    case 'domain':
      return {
        ...type,
        base: use(type.base),
        defaultExpression: type.defaultExpression === null ? null : inText(type.defaultExpression),
        checks: type.checks.map((check) => ({ ...check, expression: inText(check.expression) })),
      };
    case 'composite':
      return {
        ...type,
        attributes: type.attributes.map((attribute) => ({ ...attribute, type: use(attribute.type) })),
      };
    case 'range': {
      const { multirange, extension } = type;
      return {
        ...type,
        subtype: use(type.subtype),
        multirange: multirange === null ? null : nameIn(naming, { ...multirange, extension }),
      };
    }
    case 'multirange':
      return { ...type, range: use(type.range) };
    default:
      return type;
  }
}

const mapRef = (ref: TypeRef, naming: TypeNaming): TypeRef => ({ ...ref, ...nameIn(naming, ref) });

/** The columns of one relation with their types under other names, in their expressions, too: the same list where none has. Pure. */
export function mapColumns<C extends Column>(columns: readonly C[], naming: TypeNaming): readonly C[] {
  const names = new Map(
    columns.flatMap(({ userType }) =>
      userType === null ? [] : [[nameKey(userType), nameIn(naming, userType)]],
    ),
  );
  if (names.size === 0) return columns;
  return columns.map((column) => ({
    ...column,
    ...(column.userType === null ? {} : mapUse(column.type, column.userType, naming)),
    generated: column.generated === null ? null : renameInExpression(column.generated, names),
    default:
      column.default === null ? null : { ...column.default, ...renameInExpression(column.default, names) },
  }));
}

function mapUse(text: string, ref: TypeRef, naming: TypeNaming): Pick<Column, 'userType' | 'type'> {
  const userType = mapRef(ref, naming);
  return { userType, type: typeText({ text, ref: userType }) };
}

/** The name alone: what else a naming's answer may hold must not end up in a type. */
function nameIn(
  naming: TypeNaming,
  type: QualifiedName & { readonly extension: string | null },
): QualifiedName {
  const { schema, name } = naming(type);
  return { schema, name };
}
