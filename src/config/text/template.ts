/** A piece of a text with holes: plain text, `{placeholder}`, or `${NAME}` with its optional default. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'placeholder'; readonly name: string }
  | { readonly kind: 'variable'; readonly name: readonly Part[]; readonly fallback: readonly Part[] | null };

/** What stands open at the end of the text, or the parts of a whole one. */
export type Template =
  { readonly ok: true; readonly parts: readonly Part[] } | { readonly ok: false; readonly why: string };

/**
 * Parses a text once, before anything is filled in: what a name or a variable brings is never parsed again, so a
 * password may hold `${…}` or `{…}`. A literal `${` is written `$${`.
 */
export function parseTemplate(text: string): Template {
  const { parts, end } = scan(text, 0, null);
  return end === null
    ? { ok: false, why: 'a "${" without its "}" (a literal one is written "$${")' }
    : { ok: true, parts };
}

/** `end` is the offset behind the last character read; null when a `${` was not closed. */
interface Scanned {
  readonly parts: readonly Part[];
  readonly end: number | null;
}

const PLACEHOLDER = /\{([A-Za-z_][A-Za-z0-9_]*)\}/y;

/** Reads until one of the stop texts, which it leaves in place; null reads to the end of the text. */
function scan(text: string, start: number, stops: readonly string[] | null): Scanned {
  const parts: Part[] = [];
  let at = start;
  while (at < text.length) {
    const from = at;
    if (stops?.some((stop) => text.startsWith(stop, from))) return { parts, end: at };
    const { part, end } = partAt(text, at);
    if (end === null) return { parts, end };
    addPart(parts, part);
    at = end;
  }
  return { parts, end: stops === null ? at : null };
}

function partAt(text: string, at: number): { part: Part; end: number | null } {
  if (text.startsWith('$${', at)) return { part: { kind: 'text', text: '${' }, end: at + 3 };
  if (text.startsWith('${', at)) return variableAt(text, at + 2);
  PLACEHOLDER.lastIndex = at;
  const match = PLACEHOLDER.exec(text);
  if (match === null) return { part: { kind: 'text', text: text.charAt(at) }, end: at + 1 };
  return { part: { kind: 'placeholder', name: match[1] ?? '' }, end: at + match[0].length };
}

function variableAt(text: string, at: number): { part: Part; end: number | null } {
  const name = scan(text, at, [':-', '}']);
  const hasFallback = name.end !== null && text.startsWith(':-', name.end);
  const fallback = hasFallback ? scan(text, (name.end ?? 0) + 2, ['}']) : null;
  const close = fallback === null ? name.end : fallback.end;
  return {
    part: { kind: 'variable', name: name.parts, fallback: fallback?.parts ?? null },
    end: close === null ? null : close + 1,
  };
}

function addPart(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  if (last?.kind === 'text' && part.kind === 'text')
    parts[parts.length - 1] = { kind: 'text', text: last.text + part.text };
  else parts.push(part);
}
