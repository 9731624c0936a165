import { isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';
import type { Document, YAMLSeq } from 'yaml';

/** Adds tenants to a shard's list in the text of a shards.yaml; nothing else in it changes. Pure. */
export function listTenants(text: string, shard: string, names: readonly string[]): string {
  const doc = parseDocument(text);
  const written = names.map(scalar);
  const list = listOf(doc, shard);
  const last = list?.items.at(-1);
  if (list !== null && isNode(last) && last.range) {
    const [, end] = last.range;
    if (list.flow === true) return spliced(text, end, end, `, ${written.join(', ')}`);
    const line = lineEnd(text, end);
    const indent = /^[ \t]*/.exec(text.slice(lineStart(text, last.range[0])))?.[0] ?? '';
    return spliced(text, line, line, written.map((name) => `\n${indent}- ${name}`).join(''));
  }
  if (list?.range) return spliced(text, list.range[0], list.range[1], `[${written.join(', ')}]`);
  return withNewList(text, doc, shard, written);
}

/** Takes the tenants at these places (from 0) out of a shard's list; nothing else in the text changes. Pure. */
export function unlistTenants(text: string, shard: string, places: readonly number[]): string {
  const [place, ...rest] = places.toSorted((a, b) => b - a);
  return place === undefined ? text : unlistTenants(withoutItem(text, shard, place), shard, rest);
}

function withoutItem(text: string, shard: string, place: number): string {
  const list = listOf(parseDocument(text), shard);
  const [before, item, after] = [place - 1, place, place + 1].map((at) => rangeOf(list, at));
  if (!list?.range || item === undefined) return text;
  if (list.items.length === 1) return spliced(text, list.range[0], list.range[1], '[]');
  if (list.flow !== true)
    return spliced(text, lineStart(text, item[0]), Math.min(lineEnd(text, item[1]) + 1, text.length), '');
  if (after !== undefined) return spliced(text, item[0], after[0], '');
  return before === undefined ? text : spliced(text, before[1], item[1], '');
}

function rangeOf(list: YAMLSeq | null, place: number): readonly [number, number] | undefined {
  const item = list?.items[place];
  return isNode(item) && item.range ? [item.range[0], item.range[1]] : undefined;
}

function listOf(doc: Document, shard: string): YAMLSeq | null {
  const node = doc.getIn(['shards', shard, 'tenants'], true);
  return isSeq(node) ? node : null;
}

/** Behind the shard's last key, in the manner in which its map is written. */
function withNewList(text: string, doc: Document, shard: string, written: readonly string[]): string {
  const map = doc.getIn(['shards', shard], true);
  const pairs = isMap(map) ? map.items : [];
  const value = pairs.at(-1)?.value;
  const list = `tenants: [${written.join(', ')}]`;
  if (!isMap(map) || !isNode(value) || !value.range) return text;
  const [, end] = value.range;
  if (map.flow === true) return spliced(text, end, end, `, ${list}`);
  const key = pairs[0]?.key;
  const from = isScalar(key) && key.range ? key.range[0] : 0;
  const indent = ' '.repeat(from - lineStart(text, from));
  const line = text[end - 1] === '\n' ? end - 1 : lineEnd(text, end);
  return spliced(text, line, line, `\n${indent}${list}`);
}

/** A name as YAML, whatever stands around it; a `$` that would begin a variable is doubled. */
function scalar(name: string): string {
  const escaped = name.replaceAll('${', '$${');
  const isPlain =
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(escaped) && !/^(?:true|false|null|yes|no|on|off|y|n)$/i.test(escaped);
  return isPlain ? escaped : JSON.stringify(escaped);
}

const spliced = (text: string, from: number, to: number, put: string): string =>
  text.slice(0, from) + put + text.slice(to);

const lineStart = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1;

/** Where the line's own text ends: before its line break. */
function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end < 0) return text.length;
  return text[end - 1] === '\r' ? end - 1 : end;
}
