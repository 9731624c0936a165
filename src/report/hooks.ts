import type { HookConfig, HooksConfig } from '../config/hooks.js';

/** A hook as shards.yaml has it, for those who read a report. */
export interface UpHook {
  readonly event: 'before_step' | 'after_step' | 'after_run';
  /** What it runs, on one line. */
  readonly hook: string;
  /** Milliseconds after which it is ended. */
  readonly timeoutMs: number;
}

/** Takes secrets out of a text. */
type Mask = (text: string) => string;

/** All hooks, in the order in which they run. Pure. */
export function hooksOf({ beforeStep, afterStep, afterRun }: HooksConfig, mask: Mask): readonly UpHook[] {
  const listed = (event: UpHook['event'], hooks: readonly HookConfig[]): readonly UpHook[] =>
    hooks.map((hook) => ({ event, hook: hookText(hook, mask), timeoutMs: hook.timeoutMs }));
  return [
    ...listed('before_step', beforeStep),
    ...listed('after_step', afterStep),
    ...listed('after_run', afterRun),
  ];
}

const LONGEST = 100;

/** What a hook runs, on one line, for people: `./pause.sh --now`, `SQL on shards: SELECT …`. Pure. */
export function hookText(hook: HookConfig, mask: Mask): string {
  if (hook.kind === 'sql')
    return short(mask(`SQL on ${hook.on.kind === 'member' ? hook.on.name : hook.on.kind}: ${hook.sql}`));
  return short(mask(typeof hook.command === 'string' ? hook.command : hook.command.map(quoted).join(' ')));
}

const quoted = (word: string): string => (/^[\w.,:@%+=/-]+$/.test(word) ? word : JSON.stringify(word));

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
