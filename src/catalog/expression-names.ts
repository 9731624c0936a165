import { nameKey, qualified, type QualifiedName } from '../postgres/identifiers.js';

const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const TOKENS = new RegExp(String.raw`'(?:[^']|'')*'|(${NAME})\.(${NAME})`, 'gi');

/**
 * An expression as pg_get_expr prints it, with qualified names replaced by others. What stands in a literal is a
 * value and stays; pg_get_expr never writes \' in one (ruleutils.c, simple_quote_literal). Pure.
 */
export function renameInExpression(expression: string, names: ReadonlyMap<string, QualifiedName>): string {
  return expression.replaceAll(TOKENS, (token: string, schema?: string, name?: string) => {
    if (schema === undefined || name === undefined) return token;
    const key = nameKey({ schema: unquoted(schema), name: unquoted(name) });
    const other = names.get(key);
    return other === undefined || nameKey(other) === key ? token : qualified(other);
  });
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

/** An expression with all qualified names quoted, whether or not they need it: two spellings of a name compare alike. Pure. */
export const quoteNames = (expression: string): string =>
  expression.replaceAll(TOKENS, (token: string, schema?: string, name?: string) =>
    schema === undefined || name === undefined
      ? token
      : qualified({ schema: unquoted(schema), name: unquoted(name) }),
  );
