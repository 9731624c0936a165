import type { Path } from './document.js';

/** Whether a value has keys: a map or a list. */
export function hasKeys(value: unknown): value is Readonly<Record<string | number, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** The value at a path of a parsed document; undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, key) => (hasKeys(at) ? at[key] : undefined), root);
}

/** A copy in which the value at a path is undefined; keys and indexes stay, so that places stay right. */
export function without(value: unknown, path: Path): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return undefined;
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? without(item, rest) : item));
  return hasKeys(value) ? { ...value, [key]: without(value[key], rest) } : value;
}
