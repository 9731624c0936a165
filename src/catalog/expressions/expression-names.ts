import { nameKey, qualified, type QualifiedName } from '../../postgres/identifiers.js';
import type { Expression } from './expression.js';

type Names = ReadonlyMap<string, QualifiedName>;

/** An expression with qualified names replaced by others, in its text and in what is compared. Pure. */
export function renameInExpression({ sql, key }: Expression, names: Names): Expression {
  const renamed = renameInText(sql, names);
  // What could not be parsed is compared by its text.
  return { sql: renamed, key: key === sql ? renamed : renameInKey(key, names) };
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[a-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const TOKENS = new RegExp(String.raw`'(?:[^']|'')*'|(${NAME})\.(${NAME})`, 'gi');

/**
 * What stands in a literal is a value and stays; pg_get_expr never writes \' in one (ruleutils.c,
 * simple_quote_literal).
 */
function renameInText(sql: string, names: Names): string {
  return sql.replaceAll(TOKENS, (token: string, schema?: string, name?: string) => {
    if (schema === undefined || name === undefined) return token;
    const key = nameKey({ schema: unquoted(schema), name: unquoted(name) });
    const other = names.get(key);
    return other === undefined || nameKey(other) === key ? token : qualified(other);
  });
}

const unquoted = (name: string): string =>
  name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;

const STRING = String.raw`"(?:[^"\\]|\\.)*"`;
/** Two names with a dot between them, as the parse tree has them. */
const PAIR = new RegExp(
  String.raw`\{"String":\{"sval":(${STRING})\}\},\{"String":\{"sval":(${STRING})\}\}`,
  'g',
);

const renameInKey = (key: string, names: Names): string =>
  key.replaceAll(PAIR, (pair: string, schema: string, name: string) => {
    const other = names.get(nameKey({ schema: String(JSON.parse(schema)), name: String(JSON.parse(name)) }));
    return other === undefined ? pair : `${part(other.schema)},${part(other.name)}`;
  });

const part = (name: string): string => JSON.stringify({ String: { sval: name } });
