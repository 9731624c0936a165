import type { UpOrder } from '../../report/up.js';

/** `1,950` */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `1 tenant`, `2 tenants`. */
export const plural = (value: number, noun: string): string =>
  `${count(value)} ${noun}${value === 1 ? '' : 's'}`;

/** `a, b, c and 1,947 more`. */
export function names(list: readonly string[], most = 6): string {
  const rest = list.length - most;
  return rest <= 0 ? list.join(', ') : `${list.slice(0, most).join(', ')} and ${count(rest)} more`;
}

/** Milliseconds for people: `41 ms`, `1.2 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Seconds for people, coarse: `42 s`, `3 min`, `2 h`, `5 days`. */
export function age(seconds: number): string {
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** How people call a migration: by its name, behind the folder of its scope; `down` where that is the way it goes. */
export const stepName = ({ migration, scope, direction }: UpOrder): string =>
  [...(direction === 'down' ? ['down'] : []), scope === 'tenant' ? migration : `${scope}/${migration}`].join(
    ' ',
  );
