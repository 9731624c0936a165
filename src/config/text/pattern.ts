import { parseTemplate } from './template.js';

/** What a pattern of an exposure may hold. */
export const PATTERN_NAMES: readonly string[] = ['tenant', 'shard', 'schema', 'table'];

/** The `{words}` of a pattern that are none of the known placeholders. */
export function capturesOf(pattern: unknown): readonly string[] {
  if (typeof pattern !== 'string') return [];
  const template = parseTemplate(pattern);
  if (!template.ok) return [];
  const names = template.parts.flatMap((part) => (part.kind === 'placeholder' ? [part.name] : []));
  return names.filter((name) => !PATTERN_NAMES.includes(name));
}

/** Fills in the placeholders that are given, and leaves the others. */
export function fillPattern(pattern: string, names: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (whole, name: string) =>
    Object.hasOwn(names, name) ? (names[name] ?? whole) : whole,
  );
}
