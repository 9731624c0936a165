import { nameKey, type QualifiedName } from '../../postgres/identifiers.js';

/**
 * What a word of the command line may name, the likeliest first. As in SQL a name is folded to lower case and double quotes keep it
 * as it is, but as shells and people write it is tried before: `Cyberdyne.Books`, `O'Brien.books`. Pure.
 */
export interface TypedName {
  /** As a tenant. */
  readonly tenants: readonly string[];
  /** As a relation with its schema. */
  readonly relations: readonly QualifiedName[];
}

export function typedName(text: string): TypedName {
  const parts = partsOf(text);
  const [schema, name, ...more] = parts ?? [];
  const variants = (part: Part): string[] =>
    part.quoted ? [part.text] : [part.text, part.text.toLowerCase()];
  const quoted =
    schema === undefined || name === undefined || more.length > 0
      ? []
      : variants(schema).flatMap((one) => variants(name).map((two) => ({ schema: one, name: two })));
  const dots = [...text.matchAll(/\./g)].map(({ index }) => ({
    schema: text.slice(0, index),
    name: text.slice(index + 1),
  }));
  const alone = schema !== undefined && name === undefined ? variants(schema) : [];
  return {
    tenants: [...new Set([text, ...alone])],
    relations: [...new Map([...quoted, ...dots].map((one) => [nameKey(one), one])).values()],
  };
}

interface Part {
  readonly text: string;
  readonly quoted: boolean;
}

/** Words between dots, `"a ""b"".c"` among them; null where quotes stand elsewhere. */
function partsOf(text: string): readonly Part[] | null {
  const pattern = /(?:"((?:[^"]|"")+)"|([^".]+))(\.|$)/gy;
  const parts: Part[] = [];
  for (const [, quoted, plain = ''] of text.matchAll(pattern))
    parts.push(
      quoted === undefined
        ? { text: plain, quoted: false }
        : { text: quoted.replaceAll('""', '"'), quoted: true },
    );
  const length = [...text.matchAll(pattern)].reduce((sum, [whole]) => sum + whole.length, 0);
  return length === text.length && !text.endsWith('.') ? parts : null;
}
