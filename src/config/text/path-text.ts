import type { Path } from './document.js';

/** A path for messages: `shards.shard2.tenants[1]`; a key that is no plain word is quoted. */
export function pathText(path: Path): string {
  return path.map(partText).join('').replace(/^\./, '');
}

/** A key for messages. A url in the place of a key is hidden: it may hold a password. */
export function shownKey(key: string): string {
  return key.includes('://') ? '***' : key;
}

function partText(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^[\w-]+$/.test(key) ? `.${key}` : `[${JSON.stringify(shownKey(key))}]`;
}
