/** What is called otherwise for another tenant: its name, its schema. */
export type NamePair = readonly [from: string, to: string];

/**
 * Is `actual` what `reviewed` would be, were it for another tenant? Piece by piece: quoted names and literals, and what
 * stands between. A name is the same, or one of the pairs has its place in it. Names that a step uses for a moment hold
 * an oid, and count as the same. Pure.
 */
export function isLike(reviewed: string, actual: string, pairs: readonly NamePair[]): boolean {
  const [was, is] = [piecesOf(reviewed), piecesOf(actual)];
  return was.length === is.length && was.every((piece, at) => isSamePiece(piece, is[at] ?? '', pairs));
}

const PIECES = /"(?:[^"]|"")*"|'(?:[^']|'')*'|[^"']+/g;

const piecesOf = (sql: string): readonly string[] =>
  sql.replaceAll(/\bpgveneer_\d+\b/g, 'pgveneer_0').match(PIECES) ?? [];

function isSamePiece(was: string, is: string, pairs: readonly NamePair[]): boolean {
  return was === is || pairs.some(([from, to]) => was.replaceAll(from, to) === is) || all(was, pairs) === is;
}

const all = (piece: string, pairs: readonly NamePair[]): string =>
  pairs.reduce((text, [from, to]) => text.replaceAll(from, to), piece);

/**
 * What of `actual` has no counterpart in `reviewed`, and what of `reviewed` is left over; each statement is a counterpart
 * once. Pure.
 */
export function unlike(
  reviewed: readonly string[],
  actual: readonly string[],
  pairs: readonly NamePair[],
): { readonly more: readonly string[]; readonly less: readonly string[] } {
  const less = [...reviewed];
  const more = actual.filter((sql) => {
    const at = less.findIndex((one) => isLike(one, sql, pairs));
    if (at >= 0) less.splice(at, 1);
    return at < 0;
  });
  return { more, less };
}
