/** A stretch of SQL text that is no code; offsets are those of JavaScript strings, `end` exclusive. */
export interface Span {
  readonly kind: 'line comment' | 'block comment' | 'literal';
  readonly start: number;
  readonly end: number;
}

const NAME = String.raw`[\w\u0080-\uffff]`;
const OPENER = new RegExp(
  String.raw`--|/\*|(?<![$]|${NAME})[eE]'|'|"|(?<![$]|${NAME})\$(?:(?!\d)${NAME}+)?\$`,
  'g',
);

/**
 * The comments and literals (strings, quoted names, dollar-quoted bodies) of a SQL text, in order, by PostgreSQL's
 * lexical rules. What is not terminated reaches to the end. Works at any size, unlike the real parser.
 */
export function spansOf(sql: string): readonly Span[] {
  const spans: Span[] = [];
  const opener = new RegExp(OPENER);
  for (let match = opener.exec(sql); match !== null; match = opener.exec(sql)) {
    const end = endOf(sql, match[0], opener.lastIndex);
    spans.push({ kind: kindOf(match[0]), start: match.index, end });
    opener.lastIndex = end;
  }
  return spans;
}

/** The same text with every span of these kinds replaced by one blank, so that only code is left. */
export function withoutSpans(sql: string, kinds: readonly Span['kind'][]): string {
  const spans = spansOf(sql).filter((span) => kinds.includes(span.kind));
  const starts = [0, ...spans.map((span) => span.end)];
  return starts.map((start, i) => sql.slice(start, spans[i]?.start)).join(' ');
}

function kindOf(opener: string): Span['kind'] {
  if (opener === '--') return 'line comment';
  return opener === '/*' ? 'block comment' : 'literal';
}

function endOf(sql: string, opener: string, from: number): number {
  switch (opener) {
    case '--':
      return endOfFirst(sql, /[\r\n]/g, from) - 1;
    case '/*':
      return endOfBlockComment(sql, from);
    case "e'":
    case "E'":
      return endOfEscapeString(sql, from);
    default:
      return endOfText(sql, opener, from);
  }
}

function endOfText(sql: string, closer: string, from: number): number {
  const at = sql.indexOf(closer, from);
  return at < 0 ? sql.length : at + closer.length;
}

function endOfFirst(sql: string, closer: RegExp, from: number): number {
  closer.lastIndex = from;
  return closer.test(sql) ? closer.lastIndex : sql.length + 1;
}

function endOfBlockComment(sql: string, from: number): number {
  const edge = /\/\*|\*\//g;
  edge.lastIndex = from;
  for (let depth = 1; depth > 0;) {
    const match = edge.exec(sql);
    if (match === null) return sql.length;
    depth += match[0] === '/*' ? 1 : -1;
  }
  return edge.lastIndex;
}

function endOfEscapeString(sql: string, from: number): number {
  const part = /\\[\s\S]|''|'/g;
  part.lastIndex = from;
  for (let match = part.exec(sql); match !== null; match = part.exec(sql)) {
    if (match[0] === "'") return part.lastIndex;
  }
  return sql.length;
}
